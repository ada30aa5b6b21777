/** What a benchmark reports: one figure beside its goal. */
export interface Row {
  goal: string;
  what: string;
  figure: string;
  limit: string;
  met: boolean;
  /** Missed by so much that the run fails: a counter that doesn't hold, a ratio beyond its goal by more than a quarter. */
  gates: boolean;
  note?: string;
}
export interface Bench {
  /** A folder of its own, removed afterwards. */
  folder: string;
  quick: boolean;
}

/** Every generated cluster and fleet comes from this seed. */
export const SEED = 20_261_121;
/** A ratio of two times fails the run only beyond its goal by this factor: machines are shared. */
const MARGIN = 1.25;

export const times = (value: number) => `${value.toFixed(2)}x`;
export const mb = (value: number) => `${value.toFixed(0)} MB`;

interface Claim {
  goal: string;
  what: string;
  note?: string;
  /** Stands behind the figure, for example `, peak 120 MB`. */
  beside?: string;
}

/** A measured ratio or amount that should be at most `limit`. */
export function atMost(value: number, limit: number, write: (value: number) => string, claim: Claim): Row {
  const { beside = "", ...rest } = claim;
  return {
    ...rest,
    figure: `${write(value)}${beside}`,
    limit: `<= ${write(limit)}`,
    met: value <= limit,
    gates: !(value <= limit * MARGIN),
  };
}

/** A counter that is the same on every machine: no margin. */
export function counted(value: number, limit: number, write: (value: number) => string, claim: Claim): Row {
  const row = atMost(value, limit, write, claim);
  return { ...row, gates: !row.met };
}

/** Something that has to hold, such as agreement with an oracle. */
export function holds(isTrue: boolean, figure: string, limit: string, claim: Claim): Row {
  const { beside = "", ...rest } = claim;
  return { ...rest, figure: `${figure}${beside}`, limit, met: isTrue, gates: !isTrue };
}
