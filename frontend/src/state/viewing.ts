/** What lies over the pictures, as the user likes it; kept. */
import { isBoolean, isNumber, kept } from "./kept";

export const showLetters = kept("letters", true, isBoolean);
export const showCorners = kept("corners", true, isBoolean);
export const showMarker = kept("marker", true, isBoolean);
export const showRuler = kept("ruler", true, isBoolean);
export const showCrosshair = kept("crosshair", false, isBoolean);
/** Steps a second of cine play. */
export const cineRate = kept("cine", 10, isNumber);
/** Degrees a second that a 3D view spins by. */
export const spinRate = kept("spin", 30, isNumber);
