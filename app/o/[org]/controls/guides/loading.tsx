import { PageSkeleton } from "@/components/ui/states";

export default function Loading() {
  return <PageSkeleton label="Reading what guides get wrong" columns={2} />;
}
