/**
 * Our own API as types, made of the OpenAPI document by `scripts/typed_api.py`. Do not edit: a test compares the two.
 */

/** A file or picture, as bytes. */
export type Binary = Blob;

/** Of each operation: parameters in its path and query, body, and answer. */
export interface Operations {
  /** Store a zip of DICOM files, or one file. */
  "POST /api/archive/files": {
    query: {
      name?: string;
    };
    body: Blob | ArrayBuffer | Uint8Array<ArrayBuffer>;
    sends: "application/octet-stream";
    answer: {
      job: string;
      job_url: string;
    };
  };

  /** Load a study of the archive, or one of its series, into the scene: {study, series}. */
  "POST /api/archive/open": {
    body: {
      study: string;
      series?: string;
    };
    answer: {
      job: string;
      job_url: string;
    };
  };

  /** The remembered cameras. */
  "GET /api/bookmarks": {
    answer: {
      bookmarks: {
        name: string;
        camera: {
          position: [number, number, number];
          focal_point: [number, number, number];
          view_up: [number, number, number];
          view_angle: number;
        };
      }[];
    };
  };

  /** Remember a camera; a name that is taken gets a number. */
  "POST /api/bookmarks": {
    body: {
      name: string;
      camera: {
        position: [number, number, number];
        focal_point: [number, number, number];
        view_up: [number, number, number];
        view_angle: number;
      };
    };
    answer: {
      name: string;
      camera: {
        position: [number, number, number];
        focal_point: [number, number, number];
        view_up: [number, number, number];
        view_angle: number;
      };
    };
  };

  /** Forget a camera. */
  "DELETE /api/bookmarks/{name}": {
    path: {
      name: string;
    };
    answer: {
      name: string;
    };
  };

  /** Crop volume rendering by an ROI. */
  "PUT /api/crop": {
    body: {
      roi: string;
      on?: boolean;
    };
    answer: {
      volumes: string[];
    };
  };

  /** The last runs of users' Python with their output. */
  "GET /api/exec": {
    answer: unknown;
  };

  /** Run Python in the scene process: result, output, error with traceback. */
  "POST /api/exec": {
    body: unknown;
    answer: unknown;
  };

  /** What can be undone and redone. */
  "GET /api/history": {
    answer: {
      undo: string[];
      redo: string[];
    };
  };

  /** Long work, newest first. */
  "GET /api/jobs": {
    answer: unknown;
  };

  /** How far a job is, and what came of it. */
  "GET /api/jobs/{id}": {
    path: {
      id: string;
    };
    answer: unknown;
  };

  /** Cancel a job. */
  "DELETE /api/jobs/{id}": {
    path: {
      id: string;
    };
    answer: unknown;
  };

  /** The layout: names and places of its views. */
  "GET /api/layout": {
    answer: {
      layout: string;
      composition: Record<string, unknown>;
      contents: "viewers" | "full";
    };
  };

  /** Switch the layout. */
  "PUT /api/layout": {
    body: {
      layout?: string;
      contents?: "viewers" | "full";
      compare?: number;
    };
    answer: {
      layout: string;
      composition: Record<string, unknown>;
      contents: "viewers" | "full";
    };
  };

  /** All layouts: names and places of their views. */
  "GET /api/layouts": {
    answer: {
      layouts: {
        name: string;
        composition: Record<string, unknown>;
      }[];
    };
  };

  /** Load an upload, a path or a URL. */
  "POST /api/load": {
    body: {
      upload?: string;
      path?: string;
      url?: string;
      type?: string;
      name?: string;
    };
    answer: {
      loaded: {
        id: string;
        name: string;
        class: string;
      }[];
      warnings: string[];
    };
  };

  /** Forget that something failed to load. */
  "DELETE /api/load/faults/{id}": {
    path: {
      id: string;
    };
    answer: {
      id: string;
    };
  };

  /** Markups of every kind. */
  "GET /api/markups": {
    answer: {
      markups: {
        id: string;
        name: string;
        kind: "angle" | "closedCurve" | "curve" | "line" | "plane" | "points" | "roi";
        count: number;
        points: [number, number, number][] | null;
        labels: string[] | null;
        color: string;
        opacity: number;
        visible: boolean;
        locked: boolean;
        measurements?: {
          name: string;
          value: number;
          units: string;
        }[];
        frame?: number[] | null;
        size?: number[] | null;
        crops?: boolean;
      }[];
    };
  };

  /** Make a markup. */
  "POST /api/markups": {
    body: {
      name?: string | null;
      points?: [number, number, number][] | null;
      index?: number | null;
      position?: [number, number, number] | null;
      label?: string | null;
      remove?: number | null;
      frame?: [number, number, number, number, number, number, number, number, number, number, number, number, number, number, number, number] | null;
      size?: number[] | null;
      color?: string | null;
      opacity?: number | null;
      visible?: boolean | null;
      locked?: boolean | null;
      kind?: "angle" | "closedCurve" | "curve" | "line" | "plane" | "points" | "roi";
      gesture?: string;
    };
    answer: {
      id: string;
      name: string;
      kind: "angle" | "closedCurve" | "curve" | "line" | "plane" | "points" | "roi";
      count: number;
      points: [number, number, number][] | null;
      labels: string[] | null;
      color: string;
      opacity: number;
      visible: boolean;
      locked: boolean;
      measurements?: {
        name: string;
        value: number;
        units: string;
      }[];
      frame?: number[] | null;
      size?: number[] | null;
      crops?: boolean;
    };
  };

  /** Change a markup. */
  "PUT /api/markups/{id}": {
    path: {
      id: string;
    };
    body: {
      name?: string | null;
      points?: [number, number, number][] | null;
      index?: number | null;
      position?: [number, number, number] | null;
      label?: string | null;
      remove?: number | null;
      frame?: [number, number, number, number, number, number, number, number, number, number, number, number, number, number, number, number] | null;
      size?: number[] | null;
      color?: string | null;
      opacity?: number | null;
      visible?: boolean | null;
      locked?: boolean | null;
      gesture?: string;
    };
    answer: {
      id: string;
      name: string;
      kind: "angle" | "closedCurve" | "curve" | "line" | "plane" | "points" | "roi";
      count: number;
      points: [number, number, number][] | null;
      labels: string[] | null;
      color: string;
      opacity: number;
      visible: boolean;
      locked: boolean;
      measurements?: {
        name: string;
        value: number;
        units: string;
      }[];
      frame?: number[] | null;
      size?: number[] | null;
      crops?: boolean;
    };
  };

  /** Remove a markup. */
  "DELETE /api/markups/{id}": {
    path: {
      id: string;
    };
    query: {
      gesture?: string;
    };
    answer: {
      id: string;
    };
  };

  /** Voxel values in an ROI or a closed curve. */
  "GET /api/markups/{id}/statistics": {
    path: {
      id: string;
    };
    query: {
      volume?: string;
    };
    answer: {
      markup: string;
      volume: string;
      name: string;
      units: string;
      count: number;
      mean: number | null;
      sd: number | null;
      minimum: number | null;
      maximum: number | null;
      area_mm2: number | null;
      volume_mm3: number | null;
    };
  };

  /** The scene's nodes as a tree, in pages. */
  "GET /api/nodes": {
    query: {
      offset?: number;
      count?: number;
      search?: string;
      kind?: "volume" | "segmentation" | "model" | "markups" | "transform" | "sequence" | "table" | "text";
      toggled?: string;
    };
    answer: {
      rev: number;
      total: number;
      counts: Record<string, number>;
      rows: {
        key: string;
        kind: "volume" | "segmentation" | "model" | "markups" | "transform" | "sequence" | "table" | "text" | "segment" | "group" | "folder";
        name: string;
        id?: string;
        segment?: string;
        depth?: number;
        children?: number;
        open?: boolean;
        visible?: boolean;
        color?: string;
        opacity?: number;
        detail?: string;
        layers?: ("background" | "foreground" | "label")[];
        transform?: string;
      }[];
    };
  };

  /** Show or hide all nodes of a kind. */
  "PATCH /api/nodes": {
    body: {
      kind: "volume" | "segmentation" | "model" | "markups" | "transform" | "sequence" | "table" | "text";
      visible: boolean;
    };
    answer: {
      changed: number;
    };
  };

  /** What a node is. */
  "GET /api/nodes/{id}": {
    path: {
      id: string;
    };
    answer: {
      row: {
        key: string;
        kind: "volume" | "segmentation" | "model" | "markups" | "transform" | "sequence" | "table" | "text" | "segment" | "group" | "folder";
        name: string;
        id?: string;
        segment?: string;
        depth?: number;
        children?: number;
        open?: boolean;
        visible?: boolean;
        color?: string;
        opacity?: number;
        detail?: string;
        layers?: ("background" | "foreground" | "label")[];
        transform?: string;
      };
      class_name: string;
      facts: [string, string][];
      formats: string[];
      transforms: [string, string][];
      parent_transform: string;
      attributes: Record<string, string>;
      properties: Record<string, unknown>;
    };
  };

  /** Rename a node, show it otherwise, put it under a transform. */
  "PATCH /api/nodes/{id}": {
    path: {
      id: string;
    };
    body: {
      name?: string;
      transform?: string;
      visible?: boolean;
      color?: string;
      opacity?: number;
    };
    answer: {
      key: string;
      kind: "volume" | "segmentation" | "model" | "markups" | "transform" | "sequence" | "table" | "text" | "segment" | "group" | "folder";
      name: string;
      id?: string;
      segment?: string;
      depth?: number;
      children?: number;
      open?: boolean;
      visible?: boolean;
      color?: string;
      opacity?: number;
      detail?: string;
      layers?: ("background" | "foreground" | "label")[];
      transform?: string;
    };
  };

  /** Remove a node. */
  "DELETE /api/nodes/{id}": {
    path: {
      id: string;
    };
    answer: {
      removed: string[];
    };
  };

  /** A node as a file. */
  "GET /api/nodes/{id}/file": {
    path: {
      id: string;
    };
    query: {
      as: string;
    };
    answer: Binary;
  };

  /** Rename a segment, show it otherwise. */
  "PATCH /api/nodes/{id}/segments/{segment}": {
    path: {
      id: string;
      segment: string;
    };
    body: {
      name?: string;
      visible?: boolean;
      color?: string;
      opacity?: number;
    };
    answer: {
      key: string;
      kind: "volume" | "segmentation" | "model" | "markups" | "transform" | "sequence" | "table" | "text" | "segment" | "group" | "folder";
      name: string;
      id?: string;
      segment?: string;
      depth?: number;
      children?: number;
      open?: boolean;
      visible?: boolean;
      color?: string;
      opacity?: number;
      detail?: string;
      layers?: ("background" | "foreground" | "label")[];
      transform?: string;
    };
  };

  /** Open a slicer: link: fetch the study or files that it names and load them. */
  "POST /api/open": {
    query: {
      url?: string;
    };
    body: unknown;
    answer: unknown;
  };

  /** This document. */
  "GET /api/openapi.json": {
    answer: unknown;
  };

  /** DICOM applications that this server knows. */
  "GET /api/peers": {
    answer: unknown;
  };

  /** Is a DICOM application there (C-ECHO). */
  "POST /api/peers/{name}/echo": {
    path: {
      name: string;
    };
    body: unknown;
    answer: unknown;
  };

  /** What has it (C-FIND): {level: study, series or instance, keys: {keyword: value}}. */
  "POST /api/peers/{name}/query": {
    path: {
      name: string;
    };
    body: unknown;
    answer: unknown;
  };

  /** Fetch from it into the archive (C-GET, or C-MOVE to us): {study, series, instance, by}. */
  "POST /api/peers/{name}/retrieve": {
    path: {
      name: string;
    };
    body: unknown;
    answer: unknown;
  };

  /** Send it studies of the archive (C-STORE): {studies, series, instances}. */
  "POST /api/peers/{name}/send": {
    path: {
      name: string;
    };
    body: unknown;
    answer: unknown;
  };

  /** The point seen at a place of a 3D view. */
  "GET /api/pick": {
    query: {
      view?: string;
      x: number;
      y: number;
      width: number;
      height: number;
    };
    answer: {
      position: [number, number, number] | null;
    };
  };

  /** Voxels and segments at a point. */
  "GET /api/probe": {
    query: {
      view?: string;
      r: number;
      a: number;
      s: number;
    };
    answer: {
      position: [number, number, number];
      layers: {
        layer: "background" | "foreground" | "label";
        id: string;
        name: string;
        ijk: [number, number, number] | null;
        value: number | number[] | null;
        units?: string;
        label?: string;
      }[];
      segments: {
        segmentation: string;
        id: string;
        name: string;
        color: string;
      }[];
    };
  };

  /** Do again what was taken back last. */
  "POST /api/redo": {
    answer: {
      text: string;
      undo: string[];
      redo: string[];
    };
  };

  /** How often values occur in a volume. */
  "GET /api/rendering/histogram": {
    query: {
      volume: string;
      bins?: number;
    };
    answer: {
      range: [number, number];
      counts: number[];
    };
  };

  /** A small picture of a volume under a preset of volume rendering. */
  "GET /api/rendering/looks": {
    query: {
      volume: string;
      preset: string;
      size?: number;
    };
    answer: Binary;
  };

  /** Sample data that can be loaded. */
  "GET /api/samples": {
    answer: {
      samples: {
        name: string;
        category: string;
        files: number;
      }[];
    };
  };

  /** Load sample data by its name. */
  "POST /api/samples": {
    body: {
      name: string;
    };
    answer: {
      loaded: {
        id: string;
        name: string;
        class: string;
      }[];
      warnings: string[];
    };
  };

  /** What the scene holds. */
  "GET /api/scene": {
    answer: {
      status: "starting" | "loading" | "ready" | "restarting" | "failed";
      views: string[];
      layout: string;
      volumes: {
        id: string;
        name: string;
        labels?: true;
      }[];
      gl: string | null;
      composition: Record<string, unknown>;
      contents: "viewers" | "full";
      load_faults: {
        id: string;
        what: string;
        why: string;
      }[];
    };
  };

  /** The whole scene as a bundle. */
  "GET /api/scene/file": {
    query: {
      as?: string;
    };
    answer: Binary;
  };

  /** All segmentations. */
  "GET /api/segmentations": {
    answer: {
      segmentations: {
        id: string;
        name: string;
        volume: string;
        visible: boolean;
        opacity: number;
        fill: boolean;
        outline: boolean;
        fill_opacity: number;
        surface: boolean;
        smoothing: number;
        busy: string;
        segments: {
          id: string;
          name: string;
          color: [number, number, number];
          visible: boolean;
          opacity: number;
          label: number;
          layer: number;
        }[];
      }[];
    };
  };

  /** Make an empty segmentation. */
  "POST /api/segmentations": {
    body: {
      volume?: string;
      name?: string;
    };
    answer: {
      id: string;
      name: string;
      volume: string;
      visible: boolean;
      opacity: number;
      fill: boolean;
      outline: boolean;
      fill_opacity: number;
      surface: boolean;
      smoothing: number;
      busy: string;
      segments: {
        id: string;
        name: string;
        color: [number, number, number];
        visible: boolean;
        opacity: number;
        label: number;
        layer: number;
      }[];
    };
  };

  /** A segmentation. */
  "GET /api/segmentations/{id}": {
    path: {
      id: string;
    };
    answer: {
      id: string;
      name: string;
      volume: string;
      visible: boolean;
      opacity: number;
      fill: boolean;
      outline: boolean;
      fill_opacity: number;
      surface: boolean;
      smoothing: number;
      busy: string;
      segments: {
        id: string;
        name: string;
        color: [number, number, number];
        visible: boolean;
        opacity: number;
        label: number;
        layer: number;
      }[];
    };
  };

  /** Rename a segmentation or show it otherwise. */
  "PATCH /api/segmentations/{id}": {
    path: {
      id: string;
    };
    body: {
      name?: string | null;
      visible?: boolean | null;
      opacity?: number | null;
      fill?: boolean | null;
      outline?: boolean | null;
      fill_opacity?: number | null;
      surface?: boolean | null;
      smoothing?: number | null;
    };
    answer: {
      id: string;
      name: string;
      volume: string;
      visible: boolean;
      opacity: number;
      fill: boolean;
      outline: boolean;
      fill_opacity: number;
      surface: boolean;
      smoothing: number;
      busy: string;
      segments: {
        id: string;
        name: string;
        color: [number, number, number];
        visible: boolean;
        opacity: number;
        label: number;
        layer: number;
      }[];
    };
  };

  /** A segmentation as DICOM SEG. */
  "GET /api/segmentations/{id}/dicom": {
    path: {
      id: string;
    };
    answer: Binary;
  };

  /** A segmentation into the archive, as DICOM SEG. */
  "POST /api/segmentations/{id}/dicom": {
    path: {
      id: string;
    };
    answer: {
      study: string;
      series: string;
      instance: string;
    };
  };

  /** Edit a segment as a whole. */
  "POST /api/segmentations/{id}/effects": {
    path: {
      id: string;
    };
    body: {
      segment: string;
      effect: {
        type: "threshold";
        range: [number, number];
        add?: boolean;
      } | {
        type: "islands";
        operation: "keep_at" | "keep_largest" | "remove_at" | "remove_small" | "split";
        point?: [number, number, number] | null;
        smallest?: number;
      } | {
        type: "smooth";
        method: "closing" | "gaussian" | "median" | "opening";
        size?: number;
      } | {
        type: "margin";
        size: number;
      } | {
        type: "grow";
        margin?: number;
      } | {
        type: "fill_between";
      } | {
        type: "logical";
        operation: "add" | "clear" | "copy" | "fill" | "intersect" | "invert" | "subtract";
        other?: string;
      };
      overwrite?: "all" | "none" | "visible";
      range?: [number, number] | null;
      job?: string;
    };
    answer: {
      gained: number;
      lost: number;
      views?: Record<string, number>;
    };
  };

  /** Cancel what is under way. */
  "DELETE /api/segmentations/{id}/effects": {
    path: {
      id: string;
    };
    answer: {
      cancelled: boolean;
    };
  };

  /** Add a segment. */
  "POST /api/segmentations/{id}/segments": {
    path: {
      id: string;
    };
    body: {
      name?: string | null;
      color?: [number, number, number] | null;
    };
    answer: {
      id: string;
      name: string;
      color: [number, number, number];
      visible: boolean;
      opacity: number;
      label: number;
      layer: number;
    };
  };

  /** Rename, colour, show or hide a segment. */
  "PATCH /api/segmentations/{id}/segments/{segment}": {
    path: {
      id: string;
      segment: string;
    };
    body: {
      name?: string | null;
      color?: [number, number, number] | null;
      visible?: boolean | null;
      opacity?: number | null;
    };
    answer: {
      id: string;
      name: string;
      color: [number, number, number];
      visible: boolean;
      opacity: number;
      label: number;
      layer: number;
    };
  };

  /** Remove a segment. */
  "DELETE /api/segmentations/{id}/segments/{segment}": {
    path: {
      id: string;
      segment: string;
    };
    answer: unknown;
  };

  /** Sizes of segments, and intensities in them. */
  "GET /api/segmentations/{id}/statistics": {
    path: {
      id: string;
    };
    answer: {
      segments: Record<string, {
        voxels: number;
        ml: number;
        mean?: number | null;
        deviation?: number | null;
        low?: number | null;
        high?: number | null;
      }>;
    };
  };

  /** Paint or erase with a brush. */
  "POST /api/segmentations/{id}/strokes": {
    path: {
      id: string;
    };
    body: {
      segment: string;
      points: [number, number, number][];
      radius: number;
      normal?: [number, number, number] | null;
      erase?: boolean;
      overwrite?: "all" | "none" | "visible";
      range?: [number, number] | null;
      stroke?: string;
    };
    answer: {
      gained: number;
      lost: number;
      views?: Record<string, number>;
    };
  };

  /** Sequences that can be played. */
  "GET /api/sequences": {
    answer: {
      sequences: {
        id: string;
        name: string;
        items: number;
        item: number;
        label: string;
      }[];
    };
  };

  /** Show an item of a sequence. */
  "PUT /api/sequences/{id}": {
    path: {
      id: string;
    };
    body: {
      item: number;
    };
    answer: {
      id: string;
      name: string;
      items: number;
      item: number;
      label: string;
    };
  };

  /** Doors, CORS, pages. */
  "GET /api/server": {
    answer: Record<string, unknown>;
  };

  /** Switch doors and CORS. */
  "PUT /api/server": {
    body: {
      slicer?: boolean;
      exec?: boolean;
      pages?: boolean;
      cors?: string[];
    };
    answer: Record<string, unknown>;
  };

  /** Switch doors and CORS. */
  "PATCH /api/server": {
    body: {
      slicer?: boolean;
      exec?: boolean;
      pages?: boolean;
      cors?: string[];
    };
    answer: Record<string, unknown>;
  };

  /** Requests and results of exec, lately. */
  "GET /api/server/log": {
    query: {
      after?: number;
      level?: "info" | "warning" | "error";
      kind?: "access" | "exec" | "server";
      text?: string;
      limit?: number;
    };
    answer: Record<string, unknown>;
  };

  /** Forget it. */
  "DELETE /api/server/log": {
    answer: Record<string, unknown>;
  };

  /** The log as Server-Sent Events. */
  "GET /api/server/log/live": {
    query: {
      after?: number;
      level?: "info" | "warning" | "error";
      kind?: "access" | "exec" | "server";
      text?: string;
      limit?: number;
    };
    answer: string;
  };

  /** All sessions. */
  "GET /api/sessions": {
    answer: {
      sessions: {
        id: string;
        status: "failed" | "loading" | "ready" | "restarting" | "starting";
        url: string;
        idle_s: number;
        volumes: number;
      }[];
      limit: number;
    };
  };

  /** Begin a session with a scene of its own, below /sessions/{id}/. */
  "POST /api/sessions": {
    body: {
      id?: string;
    };
    answer: {
      id: string;
      status: "failed" | "loading" | "ready" | "restarting" | "starting";
      url: string;
      idle_s: number;
      volumes: number;
    };
  };

  /** One session. */
  "GET /api/sessions/{id}": {
    path: {
      id: string;
    };
    answer: {
      id: string;
      status: "failed" | "loading" | "ready" | "restarting" | "starting";
      url: string;
      idle_s: number;
      volumes: number;
    };
  };

  /** End a session; the default one ends with the server. */
  "DELETE /api/sessions/{id}": {
    path: {
      id: string;
    };
    answer: unknown;
  };

  /** Share what the scene looks like now: layout, views, visibility. */
  "POST /api/shared-views": {
    body: {
      title?: string;
      maximized?: string;
    };
    answer: {
      id: string;
      path: string;
    };
  };

  /** A shared view. */
  "GET /api/shared-views/{id}": {
    path: {
      id: string;
    };
    answer: {
      look: Record<string, unknown>;
      title?: string;
      maximized?: string;
    };
  };

  /** Have the scene look like a shared view. */
  "POST /api/shared-views/{id}": {
    path: {
      id: string;
    };
    answer: {
      missing: string[];
      title: string;
      maximized: string;
    };
  };

  /** Whether crosshair and slices go with the tracked tool. */
  "GET /api/tracking": {
    answer: {
      follow: boolean;
    };
  };

  /** Have crosshair and slices go with the tracked tool, or not. */
  "PUT /api/tracking": {
    body: {
      follow: boolean;
    };
    answer: {
      follow: boolean;
    };
  };

  /** Take back the newest edit. */
  "POST /api/undo": {
    answer: {
      text: string;
      undo: string[];
      redo: string[];
    };
  };

  /** Begin an upload. */
  "POST /api/uploads": {
    answer: {
      id: string;
    };
  };

  /** Give up an upload. */
  "DELETE /api/uploads/{id}": {
    path: {
      id: string;
    };
    answer: {
      id: string;
    };
  };

  /** Upload a file. */
  "PUT /api/uploads/{id}/{name}": {
    path: {
      id: string;
      name: string;
    };
    body: Blob | ArrayBuffer | Uint8Array<ArrayBuffer>;
    sends: "application/octet-stream";
    answer: {
      name: string;
      bytes: number;
    };
  };

  /** A picture of a view at full quality, from any place. */
  "POST /api/views/{view}/picture": {
    path: {
      view: string;
    };
    body: {
      width: number;
      height: number;
      format?: "png" | "jpeg" | "webp";
      quality?: number;
      pose?: {
        orientation?: string;
        offset?: number;
        slice_to_ras?: number[];
        origin?: number[];
        fov?: number[];
        fit?: boolean;
        camera?: Record<string, unknown>;
        look_from?: string;
        reset?: boolean;
      };
    };
    answer: Binary;
  };
}
