import { afterEach, describe, expect, it, vi } from "vitest";
import { ApiError, apiOf } from "../src/net/api/ask";

const asked: [string, RequestInit][] = [];

function answerWith(body: BodyInit, status = 200, type = "application/json"): void {
  asked.length = 0;
  vi.stubGlobal("fetch", async (url: URL, options: RequestInit) => {
    asked.push([url.href, options]);
    return new Response(body, { status, headers: { "Content-Type": type } });
  });
}

afterEach(() => vi.unstubAllGlobals());

describe("the typed API", () => {
  const api = apiOf("http://there:2016/page");

  it("puts parameters where they belong", async () => {
    answerWith('{"rev": 1, "total": 0, "counts": {}, "rows": []}');
    const page = await api("GET /api/nodes", { query: { search: "left lung", offset: 20 } });
    expect(page.total).toBe(0);
    expect(asked[0]?.[0]).toBe("http://there:2016/api/nodes?search=left+lung&offset=20");
  });

  it("escapes what stands in the path, and sends JSON", async () => {
    answerWith('{"key": "a", "kind": "segment", "name": "b"}');
    await api("PATCH /api/nodes/{id}/segments/{segment}", {
      path: { id: "x/y", segment: "ä" },
      body: { visible: false },
    });
    const [url, options] = asked[0] ?? ["", {}];
    expect(url).toBe("http://there:2016/api/nodes/x%2Fy/segments/%C3%A4");
    expect(options.method).toBe("PATCH");
    expect(options.body).toBe('{"visible":false}');
  });

  it("tells the server's own words of a fault", async () => {
    answerWith('{"error": {"code": "not_found", "message": "there is no node"}}', 404);
    const fault = await api("GET /api/nodes/{id}", { path: { id: "x" } }).catch((error) => error);
    expect(fault).toBeInstanceOf(ApiError);
    expect([fault.message, fault.status, fault.code]).toEqual(["there is no node", 404, "not_found"]);
    answerWith("<html>", 502, "text/html");
    await expect(api("GET /api/samples")).rejects.toThrow("the server answered 502");
  });

  it("is checked by its types", () => {
    // @ts-expect-error: an operation that is none
    const none = () => api("GET /api/nothing");
    // @ts-expect-error: a path parameter is missing
    const bare = () => api("GET /api/nodes/{id}");
    // @ts-expect-error: visible is a truth
    const wrong = () => api("PATCH /api/nodes/{id}", { path: { id: "x" }, body: { visible: "yes" } });
    expect([none, bare, wrong]).toHaveLength(3);
  });
});
