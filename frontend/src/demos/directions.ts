/** Patient directions in RAS. */
export type Direction = "R" | "L" | "A" | "P" | "S" | "I";

export const DIRECTIONS: Direction[] = ["R", "L", "A", "P", "S", "I"];

const EYES: Record<Direction, [number, number, number]> = {
  R: [1, 0, 0],
  L: [-1, 0, 0],
  A: [0, 1, 0],
  P: [0, -1, 0],
  S: [0, 0, 1],
  I: [0, 0, -1],
};

/** Unit vector to a side of the patient: where the eye is that looks from there. */
export const eyeOf = (direction: Direction): [number, number, number] => [...EYES[direction]];
