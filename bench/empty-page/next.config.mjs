import path from "node:path";

/** Lies in dist/bench/empty-page while it is built; the repository's root holds the packages. */
export default {
  poweredByHeader: false,
  typescript: { ignoreBuildErrors: true },
  turbopack: { root: path.resolve(import.meta.dirname, "../../..") },
};
