import { SearchX } from "lucide-react";
import { Message } from "@/components/ui/states";

export default function NotFound() {
  return (
    <Message level={1} icon={SearchX} title="This finding is not here">
      It does not exist, it was removed, or it is not yours to see.
    </Message>
  );
}
