"use client";
import { QueryClient, QueryClientProvider, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { type ReactNode, useCallback, useState } from "react";
import { request } from "./request";

export function LiveProvider({ children }: { children: ReactNode }) {
  const [client] = useState(
    () =>
      new QueryClient({
        defaultOptions: {
          queries: { retry: 1, staleTime: 1_000, refetchIntervalInBackground: false, refetchOnWindowFocus: true },
        },
      }),
  );
  return <QueryClientProvider client={client}>{children}</QueryClientProvider>;
}

/**
 * Keeps what the server drew up to date: `busy` decides between 1.5 seconds (a scan runs) and 15 seconds; nothing is asked while the page is
 * hidden. Polling never counts as a person's gesture. The key starts with organization and lens, because the path holds both.
 */
export function useLive<T>(path: string, initial: T, busy: (data: T) => boolean) {
  const query = useQuery({
    queryKey: path.split("?"),
    queryFn: ({ signal }) => request<T>(path, { signal }),
    initialData: initial,
    refetchInterval: (current) => (current.state.data !== undefined && busy(current.state.data) ? 1_500 : 15_000),
  });
  return { data: query.data ?? initial, isError: query.isError };
}

/** After a change: what is followed live is asked again at once, and what the server drew is drawn again. */
export function useRefresh(): () => Promise<void> {
  const client = useQueryClient();
  const router = useRouter();
  return useCallback(async () => {
    router.refresh();
    await client.invalidateQueries();
  }, [client, router]);
}
