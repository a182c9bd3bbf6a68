/** Where the page's session is on its server: pages below `/sessions/{id}/` are of that session, all others of the default one. */
export const prefixOf = (pathname: string): string => /^\/sessions\/[^/]+(?=\/)/.exec(pathname)?.[0] ?? "";

/** An address of the page's session, such as `/api/scene`. */
export const here = (path: string): string => prefixOf(location.pathname) + path;
