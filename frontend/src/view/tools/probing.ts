/** Asks what lies under the pointer, one question at a time; the newest place wins. */
import type { Probed } from "../../net/markups";
import type { Vector3 } from "../../net/protocol";
import type { Interceptor, Spot } from "../interceptors";
import type { Surface } from "../pointer";
import { unproject } from "../slice";

export interface ProbingHost {
  isOn(): boolean;
  ask(view: string, at: Vector3): Promise<Probed>;
  show(view: string, spot: Spot | null, found: Probed | null): void;
}

export class Probing implements Interceptor {
  private next: { surface: Surface; spot: Spot } | null = null;
  private isAsking = false;

  constructor(private readonly host: ProbingHost) {}

  down(surface: Surface, spot: Spot): boolean {
    this.look(surface, spot); // a finger does not hover
    return false;
  }

  hover(surface: Surface, spot: Spot | null): void {
    if (spot) this.look(surface, spot);
    else this.forget(surface.view);
  }

  private look(surface: Surface, spot: Spot): void {
    if (!this.host.isOn() || surface.model.state?.kind !== "slice") return;
    this.next = { surface, spot };
    if (!this.isAsking) void this.ask();
  }

  private async ask(): Promise<void> {
    this.isAsking = true;
    while (this.next) {
      const { surface, spot } = this.next;
      this.next = null;
      const state = surface.model.state;
      if (state?.kind !== "slice") break;
      try {
        const found = await this.host.ask(surface.view, unproject(state, surface.size(), spot));
        if (this.host.isOn()) this.host.show(surface.view, spot, found);
      } catch {
        this.host.show(surface.view, null, null); // the scene restarts, or the view has gone: the status line says so
        this.next = null;
      }
    }
    this.isAsking = false;
  }

  private forget(view: string): void {
    this.next = null;
    this.host.show(view, null, null);
  }
}
