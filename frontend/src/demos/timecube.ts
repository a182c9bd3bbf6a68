/** A cube with the server's time on its faces: how long does a picture take there and back? */
import { runCubePage } from "./cubePage";

let count = 0;

/** A colour that goes round with the cube, as six hex digits. */
export function colorAt(turns: number): string {
  const channel = (shift: number) =>
    Math.round(110 + 90 * Math.sin(2 * Math.PI * (turns + shift)))
      .toString(16)
      .padStart(2, "0");
  return channel(0) + channel(1 / 3) + channel(2 / 3);
}

runCubePage({
  url: (turns) => `/timeimage?color=${colorAt(turns)}&t=${++count}`,
  pauseMs: 0,
});
