/** Asks what lies under the pointer, one question at a time; the newest place wins. */
import type { Probed } from "../../net/markups";
import type { Vector3 } from "../../net/protocol";
import { type Interceptor, type Spot, spotOf } from "../interceptors";
import type { Surface } from "../pointer";
import { unproject } from "../slice";

export interface ProbingHost {
  isOn(): boolean;
  ask(view: string, at: Vector3): Promise<Probed>;
  show(view: string, spot: Spot | null, found: Probed | null): void;
}

export class Probing implements Interceptor {
  /** Where the pointer is, as long as it is over a view. */
  private last: { surface: Surface; event: MouseEvent } | null = null;
  private isWanted = false;
  private isAsking = false;

  constructor(private readonly host: ProbingHost) {}

  down(surface: Surface, _spot: Spot, event: PointerEvent): boolean {
    this.look(surface, event); // a finger does not hover
    return false;
  }

  hover(surface: Surface, spot: Spot | null, event: PointerEvent): void {
    if (spot) this.look(surface, event);
    else this.forget(surface.view);
  }

  /** What a view shows has changed, or its size: something else may lie under a pointer that rests. */
  again(view: string): void {
    if (this.last?.surface.view === view) this.look(this.last.surface, this.last.event);
  }

  private look(surface: Surface, event: MouseEvent): void {
    this.last = { surface, event };
    if (!this.host.isOn() || surface.model.state?.kind !== "slice") return;
    this.isWanted = true;
    if (!this.isAsking) void this.ask();
  }

  private async ask(): Promise<void> {
    this.isAsking = true;
    while (this.isWanted && this.last) {
      const { surface, event } = this.last;
      this.isWanted = false;
      const state = surface.model.state;
      if (state?.kind !== "slice" || !surface.element.isConnected) break;
      const spot = spotOf(surface.element, event);
      try {
        const found = await this.host.ask(surface.view, unproject(state, surface.size(), spot));
        if (this.host.isOn() && this.last?.surface === surface) this.host.show(surface.view, spot, found);
      } catch {
        this.host.show(surface.view, null, null); // the scene restarts, or the view has gone: the status line says so
        this.isWanted = false;
      }
    }
    this.isAsking = false;
  }

  private forget(view: string): void {
    this.last = null;
    this.host.show(view, null, null);
  }
}
