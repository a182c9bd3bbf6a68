/** The last two seconds of a view's pictures: how many, how old, how large, and where their time went. */
const SECONDS = 2;

/** What is asked of a picture's figures. */
export interface Timed {
  ageMs: number | null;
  bytes: number;
  waitUs: number;
  renderUs: number;
  encodeUs: number;
  pageMs: number;
}

/** Milliseconds: waiting for the renderer, rendering, encoding, on the way there and back, in the page. */
export interface Stages {
  wait: number;
  render: number;
  encode: number;
  link: number;
  page: number;
}

export interface Summary {
  perSecond: number;
  median: number | null;
  p95: number | null;
  kBps: number;
  /** Medians, of pictures that show new input; null if there are none. */
  stages: Stages | null;
  /** The stage that takes longest. */
  limitedBy: keyof Stages | null;
}

const sorted = (values: number[]) => values.sort((a, b) => a - b);
const at = (values: number[], share: number) =>
  values[Math.min(values.length - 1, Math.floor(values.length * share))] ?? null;

function stagesOf(picture: Timed, age: number): Stages {
  const [wait, render, encode] = [picture.waitUs / 1000, picture.renderUs / 1000, picture.encodeUs / 1000];
  const link = Math.max(0, age - wait - render - encode - picture.pageMs);
  return { wait, render, encode, link, page: picture.pageMs };
}

export class Ages {
  private readonly pictures: { at: number; picture: Timed }[] = [];

  add(picture: Timed, now = performance.now()): void {
    this.pictures.push({ at: now, picture });
    this.forget(now);
  }

  summary(now = performance.now()): Summary {
    this.forget(now);
    const known = this.pictures.flatMap(({ picture }) =>
      picture.ageMs === null ? [] : [{ age: picture.ageMs, stages: stagesOf(picture, picture.ageMs) }],
    );
    const ages = sorted(known.map(({ age }) => age));
    const middle = (stage: keyof Stages) => at(sorted(known.map(({ stages }) => stages[stage])), 0.5) ?? 0;
    const stages = {
      wait: middle("wait"),
      render: middle("render"),
      encode: middle("encode"),
      link: middle("link"),
      page: middle("page"),
    };
    const names = Object.keys(stages) as (keyof Stages)[];
    const longest = names.reduce((a, b) => (stages[b] > stages[a] ? b : a));
    const bytes = this.pictures.reduce((sum, { picture }) => sum + picture.bytes, 0);
    return {
      perSecond: this.pictures.length / SECONDS,
      median: at(ages, 0.5),
      p95: at(ages, 0.95),
      kBps: bytes / 1000 / SECONDS,
      stages: known.length ? stages : null,
      limitedBy: known.length ? longest : null,
    };
  }

  private forget(now: number): void {
    while (this.pictures[0] && now - this.pictures[0].at > SECONDS * 1000) this.pictures.shift();
  }
}
