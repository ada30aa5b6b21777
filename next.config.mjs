/** @type {import("next").NextConfig} */
const config = {
  // Nobody needs to know what answers.
  poweredByHeader: false,
  // What a page must never be without, also where no proxy ran. The Content-Security-Policy carries a nonce: see proxy.ts.
  async headers() {
    return [
      {
        source: "/:path*",
        headers: [
          { key: "X-Content-Type-Options", value: "nosniff" },
          { key: "X-Frame-Options", value: "DENY" },
          // Not no-referrer: browsers then send "Origin: null" with forms, and signing in and out checks the origin.
          { key: "Referrer-Policy", value: "same-origin" },
          { key: "Permissions-Policy", value: "camera=(), geolocation=(), microphone=(), payment=(), usb=()" },
          { key: "Cross-Origin-Opener-Policy", value: "same-origin" },
        ],
      },
    ];
  },
};

export default config;
