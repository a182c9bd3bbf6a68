/** One thing for each view, made when it is first asked for: which views there are is the server's to say. */
export function perView<T>(make: (view: string) => T): (view: string) => T {
  const made = new Map<string, T>();
  return (view) => {
    let found = made.get(view);
    if (found === undefined) {
      found = make(view);
      made.set(view, found);
    }
    return found;
  };
}
