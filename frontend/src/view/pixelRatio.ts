/** The screen's pixels for each of the page's, which changes when a window goes to another screen without any size changing. */

/** Call back whenever it has changed; returns what ends it. */
export function onPixelRatio(changed: () => void): () => void {
  let query: MediaQueryList;
  const watch = () => {
    query = matchMedia(`(resolution: ${devicePixelRatio}dppx)`);
    query.addEventListener("change", heard, { once: true });
  };
  const heard = () => {
    changed();
    watch();
  };
  watch();
  return () => query.removeEventListener("change", heard);
}
