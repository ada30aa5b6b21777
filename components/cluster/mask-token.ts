/**
 * The command with the token hidden but for its prefix and its last four characters. The manifest may hold the token as it is or, in a
 * Secret's `data`, in base64; both are masked.
 */
export function maskToken(command: string, token: string): string {
  const masked = `${token.slice(0, 8)}${"•".repeat(10)}${token.slice(-4)}`;
  return command.replaceAll(token, masked).replaceAll(btoa(token), "•".repeat(24));
}
