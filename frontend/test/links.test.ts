import { expect, describe as group, it } from "vitest";
import { describe, takeLink } from "../src/net/links";

const ENDPOINT = "https%3A%2F%2Fpacs.example%3A8042%2Fdicom-web";

group("links", () => {
  it("are told in words, without tokens", () => {
    const asked = describe(
      `slicer://viewer/?studyUID=1.2.3&access_token=SECRET&dicomweb_endpoint=${ENDPOINT}`,
    );
    expect(asked?.what).toEqual(["study 1.2.3 from pacs.example:8042"]);
    expect(
      describe(`WEB+SLICER://viewer/?image=http://h/CT.nrrd&segmentation=http%253A%252F%252Fh%252Fa.nrrd`)
        ?.what,
    ).toEqual(["CT.nrrd from h", "a.nrrd from h"]);
  });

  it("that are none are not asked about", () => {
    for (const link of ["", "http://h/?studyUID=1", "javascript:alert(1)", "slicer://viewer/?x=%"])
      expect(describe(link)).toBeNull();
  });

  it("leave the address bar, for they may hold a token", () => {
    location.hash = `#open=${encodeURIComponent(`slicer://viewer/?studyUID=1.2&dicomweb_endpoint=${ENDPOINT}`)}`;
    expect(takeLink()?.what).toEqual(["study 1.2 from pacs.example:8042"]);
    expect(location.hash).toBe("");
    expect(takeLink()).toBeNull();
  });
});
