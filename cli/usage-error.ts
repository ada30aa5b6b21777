/** The command line asks for something that does not exist or is incomplete: exit status 2, with a hint to --help. */
export class UsageError extends Error {}
