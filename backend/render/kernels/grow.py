"""Growing labels from seeds along alike intensities: Dijkstra's shortest ways from all seeds at once, with a ring of buckets
for the distances, since those are small whole numbers. It stops after a number of voxels and goes on where it stopped."""

from __future__ import annotations

import numpy as np
from numba import njit

FREE, WAITING, FIXED = 0, 1, 2
BUCKET, LEFT, DISTANCE = 0, 1, 2  # places in `progress`: the bucket looked at, voxels that wait, how far it has come


@njit(nogil=True, cache=True)
def begin(labels, state, before, after, heads, progress):
    """Put all seeds (labels above 0 that are FREE) into the first bucket. Arrays are flat; `heads` is filled with -1."""
    for v in range(labels.shape[0]):
        if labels[v] > 0 and state[v] == FREE:
            state[v] = WAITING
            before[v] = -1
            after[v] = heads[0]
            if heads[0] >= 0:
                before[heads[0]] = v
            heads[0] = v
            progress[LEFT] += 1


@njit(nogil=True, cache=True)
def grow(levels, labels, state, distance, before, after, heads, steps, costs, weight, progress, budget):
    """Fix up to `budget` voxels, nearest first; each has its neighbours taken over that come nearer by way of it.

    `levels`: intensities, 0..255. The border of the grid is FIXED, so neighbours are there at all `steps[n]`, `costs[n]` away;
    a step over a difference of d levels costs `weight` * d more. `heads` has more buckets than any step costs.
    """
    count = heads.shape[0]
    bucket = progress[BUCKET]
    far = progress[DISTANCE]
    left = progress[LEFT]
    done = 0
    while left > 0 and done < budget:
        v = heads[bucket]
        if v < 0:
            bucket = bucket + 1 if bucket + 1 < count else 0
            far += 1
            continue
        heads[bucket] = after[v]
        if after[v] >= 0:
            before[after[v]] = -1
        state[v] = FIXED
        left -= 1
        done += 1
        for n in range(steps.shape[0]):
            u = v + steps[n]
            if state[u] == FIXED:
                continue
            way = far + costs[n] + weight * abs(np.int64(levels[u]) - np.int64(levels[v]))
            if state[u] == WAITING:
                if way >= distance[u]:
                    continue
                if before[u] >= 0:
                    after[before[u]] = after[u]
                else:
                    heads[distance[u] % count] = after[u]
                if after[u] >= 0:
                    before[after[u]] = before[u]
            else:
                state[u] = WAITING
                left += 1
            distance[u] = way
            labels[u] = labels[v]
            place = way % count
            before[u] = -1
            after[u] = heads[place]
            if heads[place] >= 0:
                before[heads[place]] = u
            heads[place] = u
    progress[BUCKET] = bucket
    progress[LEFT] = left
    progress[DISTANCE] = far
    return done
