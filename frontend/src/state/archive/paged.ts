/** A list that the server holds, page by page: only what is looked at is fetched, and late answers change nothing. */
import { isGivenUp, wordsOf } from "../../net/archive/ask";
import type { Page } from "../../net/archive/studies";

export const PAGE_ROWS = 100;
const KEPT_PAGES = 60;

export type Fetch<Query, Row> = (
  query: Query,
  offset: number,
  limit: number,
  signal: AbortSignal,
) => Promise<Page<Row>>;

export class Paged<Query, Row> {
  /** How many there are; null until the first answer. */
  total: number | null = null;
  /** A newer search than what is shown is under way. */
  searching = false;
  fault = "";
  private query: Query | null = null;
  private pages = new Map<number, Row[]>();
  private coming = new Map<number, AbortController>();
  private failed = new Set<number>();
  private needed: [number, number] = [0, 1];

  constructor(
    private readonly fetchPage: Fetch<Query, Row>,
    private readonly changed: () => void,
  ) {}

  row(index: number): Row | undefined {
    return this.pages.get(Math.floor(index / PAGE_ROWS))?.[index % PAGE_ROWS];
  }

  /** The server has told what a row is now; it stays in its place. */
  replace(isIt: (row: Row) => boolean, renewed: (row: Row) => Row): void {
    for (const page of this.pages.values()) {
      const index = page.findIndex(isIt);
      if (index >= 0) page[index] = renewed(page[index] as Row);
    }
  }

  /** Search anew. What is shown stays until the answer comes; answers to searches before are not taken any more. */
  search(query: Query): void {
    this.query = query;
    this.stop();
    this.searching = true;
    this.fault = "";
    this.failed.clear();
    this.fetch(0, new Map());
    this.changed();
  }

  /** The same again, or the same list as `query` has it now: rows stay until the new ones are there, and so does the place. */
  refresh(query: Query | null = this.query): void {
    if (query === null) return;
    this.query = query;
    this.stop();
    this.failed.clear();
    this.fault = "";
    const known = new Map<number, Row[]>();
    const pages = this.pagesOf(this.needed);
    for (const page of pages.length ? pages : [0]) this.fetch(page, known);
  }

  /** Rows from `first` to before `last` are looked at; others are not fetched any more. */
  need(first: number, last: number): void {
    this.needed = [first, last];
    if (this.searching || this.query === null) return;
    const pages = this.pagesOf(this.needed);
    for (const [page, coming] of this.coming) {
      if (pages.includes(page)) continue;
      coming.abort();
      this.coming.delete(page);
    }
    for (const page of pages) {
      const isKnown = this.pages.has(page) || this.coming.has(page) || this.failed.has(page);
      if (!isKnown) this.fetch(page, this.pages);
    }
  }

  /** Ask again for what failed. */
  retry(): void {
    if (this.query === null) return;
    if (this.total === null || this.searching) this.search(this.query);
    else {
      this.failed.clear();
      this.fault = "";
      this.need(...this.needed);
      this.changed();
    }
  }

  private pagesOf([first, last]: [number, number]): number[] {
    const found = [];
    for (let page = Math.floor(first / PAGE_ROWS); page * PAGE_ROWS < last; page += 1) found.push(page);
    return found;
  }

  private stop(): void {
    for (const coming of this.coming.values()) coming.abort();
    this.coming.clear();
  }

  /** Fetch a page into `pages`, which are what is shown from then on. */
  private fetch(page: number, pages: Map<number, Row[]>): void {
    const controller = new AbortController();
    this.coming.set(page, controller);
    const isCurrent = () => this.coming.get(page) === controller;
    this.fetchPage(this.query as Query, page * PAGE_ROWS, PAGE_ROWS, controller.signal)
      .then(({ rows, more }) => {
        if (!isCurrent()) return;
        this.coming.delete(page);
        this.take(page, pages, rows, more);
        this.changed();
      })
      .catch((error) => {
        if (!isCurrent() || isGivenUp(error)) return;
        this.coming.delete(page);
        this.failed.add(page);
        this.fault = wordsOf(error);
        if (this.searching) {
          this.searching = false;
          this.pages = new Map();
          this.total = null;
        }
        this.changed();
      });
  }

  private take(page: number, pages: Map<number, Row[]>, rows: Row[], more: number): void {
    this.pages = pages;
    pages.set(page, rows);
    this.searching = false;
    // An empty page tells only that there are no more than its offset: the end was cut off meanwhile.
    this.total = rows.length || page === 0 ? page * PAGE_ROWS + rows.length + more : this.total;
    if (!rows.length && page > 0) this.search(this.query as Query);
    for (const old of pages.keys()) {
      if (pages.size <= KEPT_PAGES) break;
      if (!this.pagesOf(this.needed).includes(old)) pages.delete(old);
    }
  }
}
