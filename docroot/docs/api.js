/** The API pages: every route of the OpenAPI document with its parameters, a form that sends the request, and a curl line. */

const METHODS = ["get", "post", "put", "patch", "delete"];
const SHOWN_CHARACTERS = 200_000;
const PAGES = { slicer: "/docs/slicer" };

/** An element with attributes, listeners (`onclick`) and children. */
function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value !== undefined && value !== null && value !== false)
      element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Text with its `code` marked as such. */
function marked(text) {
  return text.split("`").map((part, index) => (index % 2 ? make("code", {}, part) : part));
}

/** Routes that differ in nothing but the method are one. */
function routesOf(document_, isShown) {
  const routes = [];
  for (const [path, item] of Object.entries(document_.paths)) {
    for (const method of METHODS) {
      const operation = item[method];
      if (!operation || !isShown(operation.tags?.[0] ?? "")) continue;
      const known = routes.find((r) => r.path === path && r.operation.summary === operation.summary);
      if (known) {
        known.methods.push(method.toUpperCase());
        known.operation = {
          ...known.operation,
          requestBody: known.operation.requestBody ?? operation.requestBody,
        };
      } else
        routes.push({ path, methods: [method.toUpperCase()], operation, tag: operation.tags?.[0] ?? "" });
    }
  }
  return routes;
}

/** The input of a parameter; its value is "" while it is not to be sent. */
function inputOf(parameter, id) {
  const { schema } = parameter;
  const shown = parameter.example ?? (schema.default === undefined ? "" : schema.default);
  const common = { id, name: parameter.name, required: parameter.required };
  if (schema.type === "boolean" || schema.enum) {
    const choices = schema.enum ?? ["true", "false"];
    return make(
      "select",
      common,
      make("option", { value: "" }, ""),
      ...choices.map((c) => make("option", { value: c }, c)),
    );
  }
  const numeric = schema.type === "number" || schema.type === "integer";
  return make("input", {
    ...common,
    type: "text",
    inputmode: numeric ? "decimal" : undefined,
    placeholder: String(shown),
    autocomplete: "off",
    spellcheck: "false",
  });
}

function rangeOf({ minimum, maximum }) {
  if (minimum === undefined && maximum === undefined) return "";
  return `${minimum ?? "…"} to ${maximum ?? "…"}`;
}

function parameterRow(parameter, id) {
  const { schema } = parameter;
  const facts = [
    schema.type,
    rangeOf(schema),
    schema.enum ? `one of ${schema.enum.join(", ")}` : "",
    schema.default === undefined ? "" : `default ${schema.default}`,
    parameter.required ? "required" : "",
    parameter.in === "query" ? "" : `in the ${parameter.in}`,
  ].filter(Boolean);
  const about = make(
    "div",
    { class: "about", id: `${id}-about` },
    parameter.description,
    make("br"),
    facts.join(" · "),
  );
  const input = inputOf(parameter, id);
  input.setAttribute("aria-describedby", `${id}-about`);
  return make("div", { class: "param" }, make("label", { for: id }, parameter.name), input, about);
}

/** What the form asks for now: address, method, headers, body. */
function requestOf(route, form) {
  let path = route.path;
  const query = new URLSearchParams();
  const headers = {};
  for (const parameter of route.operation.parameters ?? []) {
    const value = form.elements.namedItem(parameter.name).value.trim();
    if (parameter.in === "path") path = path.replace(`{${parameter.name}}`, encodeURIComponent(value));
    else if (value !== "" && parameter.in === "query") query.append(parameter.name, value);
    else if (value !== "") headers[parameter.name] = value;
  }
  const text = query.toString();
  const method = form.elements.namedItem("-method").value;
  const request = { url: path + (text ? `?${text}` : ""), method, headers, body: undefined, file: undefined };
  const bodyField = form.elements.namedItem("-body");
  if (bodyField && method !== "GET") {
    if (bodyField.type === "file") {
      request.file = bodyField.files[0];
      request.body = request.file;
    } else if (bodyField.value) request.body = bodyField.value;
    if (request.body !== undefined) headers["Content-Type"] = bodyField.dataset.type;
  }
  const token = document.getElementById("token")?.value;
  if (token && route.tag === "server") headers.Authorization = `Bearer ${token}`;
  return request;
}

const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`;
const ENDINGS = {
  "image/png": "png",
  "application/octet-stream": "bin",
  "model/gltf+json": "gltf",
  "model/gltf-binary": "glb",
};

/** The same request for a shell. */
function curlOf(request, answers) {
  const parts = ["curl"];
  const binary = answers.find((kind) => kind in ENDINGS);
  if (binary) parts.push(`-o out.${ENDINGS[binary]}`);
  if (request.method !== "GET") parts.push(`-X ${request.method}`);
  for (const [name, value] of Object.entries(request.headers)) {
    parts.push(`-H ${quoted(`${name}: ${name === "Authorization" ? "Bearer TOKEN" : value}`)}`);
  }
  if (request.file) parts.push(`--data-binary ${quoted(`@${request.file.name}`)}`);
  else if (request.body !== undefined) parts.push(`--data-binary ${quoted(request.body)}`);
  parts.push(quoted(location.origin + request.url));
  return parts.join(" ");
}

async function shownBody(response) {
  const kind = (response.headers.get("Content-Type") ?? "").split(";")[0];
  const blob = await response.blob();
  if (kind.startsWith("image/") && blob.size) {
    const image = make("img", { alt: "The answer" });
    image.src = URL.createObjectURL(blob);
    await image.decode().catch(() => undefined);
    return make(
      "figure",
      {},
      image,
      make("figcaption", {}, `${image.naturalWidth} × ${image.naturalHeight}, ${blob.size} bytes`),
    );
  }
  if (kind === "application/json" || kind.startsWith("text/") || kind === "model/gltf+json") {
    let text = await blob.text();
    if (kind === "application/json") {
      try {
        text = JSON.stringify(JSON.parse(text), null, 2);
      } catch {
        // as it came
      }
    }
    const cut =
      text.length > SHOWN_CHARACTERS
        ? `${text.slice(0, SHOWN_CHARACTERS)}\n… ${text.length} characters`
        : text;
    return make("pre", {}, cut);
  }
  if (!blob.size) return make("p", { class: "quiet" }, "No body.");
  const link = make("a", { download: "answer", href: URL.createObjectURL(blob) }, "Save");
  return make("p", {}, `${blob.size} bytes of ${kind || "no type"}. `, link);
}

async function send(request, place) {
  place.replaceChildren(make("p", { role: "status" }, "Waiting…"));
  const stop = new AbortController();
  const live = request.url.includes("/log/live");
  if (live) setTimeout(() => stop.abort(), 3000);
  const begun = performance.now();
  try {
    const { method, headers, body } = request;
    const response = await fetch(request.url, {
      method,
      headers,
      body,
      cache: "no-store",
      signal: stop.signal,
    });
    const content = live
      ? make("p", {}, "An endless answer; closed after 3 seconds.")
      : await shownBody(response);
    const took = performance.now() - begun;
    const rows = [...response.headers].map(([name, value]) =>
      make("tr", {}, make("td", {}, name), make("td", {}, value)),
    );
    const mood = response.ok ? "good" : "bad";
    const line = `${response.status} ${response.statusText}`;
    place.replaceChildren(
      make("p", { role: "status" }, make("strong", { class: mood }, line), ` after ${took.toFixed(0)} ms`),
      content,
      make(
        "details",
        {},
        make("summary", {}, `${rows.length} headers`),
        make("table", {}, make("tbody", {}, ...rows)),
      ),
    );
  } catch (error) {
    place.replaceChildren(make("p", { role: "status", class: "bad" }, `No answer: ${error.message}`));
  }
}

function bodyField(route, id) {
  const [type, content] = Object.entries(route.operation.requestBody?.content ?? {})[0] ?? [];
  if (!type) return null;
  const binary = content.schema?.format === "binary";
  const example = content.example === undefined ? "" : JSON.stringify(content.example, null, 2);
  const field = binary
    ? make("input", { type: "file", id, name: "-body", "data-type": type })
    : make(
        "textarea",
        { id, name: "-body", "data-type": type, spellcheck: "false" },
        type.includes("json") ? example : "",
      );
  const fields = Object.keys(content.schema?.properties ?? {});
  const about = fields.length ? ` with ${fields.join(", ")}` : "";
  return make("div", {}, make("label", { for: id }, `Body: ${type}${about}`), field);
}

async function copy(text, button) {
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Select and copy it by hand";
  }
  setTimeout(() => (button.textContent = "Copy"), 2000);
}

function card(route, number) {
  const { operation } = route;
  const id = `r${number}`;
  const answers = Object.entries(operation.responses ?? {});
  const kinds = answers
    .filter(([code]) => code.startsWith("2"))
    .flatMap(([, answer]) => Object.keys(answer.content ?? {}));
  const methods = make(
    "select",
    { name: "-method", "aria-label": "Method" },
    ...route.methods.map((m) => make("option", {}, m)),
  );
  const curl = make("code", { class: "curl", tabindex: "0" });
  const place = make("div", { class: "answer", "aria-live": "polite" });
  const copyButton = make(
    "button",
    { type: "button", onclick: () => copy(curl.textContent, copyButton) },
    "Copy",
  );
  const lines = answers.map(([code, answer]) => {
    const types = Object.keys(answer.content ?? {}).join(", ");
    return make("li", {}, make("code", {}, code), ` ${answer.description}${types ? `: ${types}` : ""}`);
  });
  const form = make(
    "form",
    {
      novalidate: true,
      onsubmit: (event) => {
        event.preventDefault();
        void send(requestOf(route, form), place);
      },
    },
    operation.description ? make("p", {}, ...marked(operation.description)) : null,
    ...(operation.parameters ?? []).map((parameter, index) => parameterRow(parameter, `${id}-${index}`)),
    bodyField(route, `${id}-body`),
    make("div", { class: "row" }, methods, make("button", { class: "send" }, "Send")),
    make("div", { class: "row" }, curl, copyButton),
    make("ul", { class: "answers" }, ...lines),
    place,
  );
  const refresh = () => (curl.textContent = curlOf(requestOf(route, form), kinds));
  form.addEventListener("input", refresh);
  refresh();
  const summary = make(
    "summary",
    {},
    make("span", { class: "methods" }, route.methods.join(" ")),
    make("span", { class: "path" }, route.path),
    make("span", { class: "quiet" }, ...marked(operation.summary)),
  );
  const details = make("details", { class: "route", id: operation.operationId }, summary, form);
  details.dataset.words = `${route.path} ${operation.summary}`.toLowerCase();
  return details;
}

function tokenField() {
  const input = make("input", { id: "token", type: "password", autocomplete: "off" });
  return make("label", { class: "filter" }, "Administrator's token, if the server asks for one: ", input);
}

function showRoutes(main, document_) {
  const only = main.dataset.tags?.split(" ");
  const without = main.dataset.without?.split(" ") ?? [];
  const routes = routesOf(document_, (tag) => (only ? only.includes(tag) : !without.includes(tag)));
  const filter = make("input", {
    type: "search",
    oninput: () => {
      const wanted = filter.value.trim().toLowerCase();
      for (const found of main.querySelectorAll("details.route"))
        found.hidden = !found.dataset.words.includes(wanted);
    },
  });
  const parts = [make("label", { class: "filter" }, `Find among ${routes.length} routes: `, filter)];
  let number = 0;
  for (const { name, description } of document_.tags ?? []) {
    const cards = routes.filter((route) => route.tag === name).map((route) => card(route, number++));
    if (!cards.length) continue;
    if (!only)
      parts.push(make("h2", { id: name }, name), make("p", { class: "quiet" }, ...marked(description)));
    if (name === "server") parts.push(tokenField());
    parts.push(...cards);
  }
  main.replaceChildren(...parts);
  const wanted = location.hash && document.getElementById(location.hash.slice(1));
  if (wanted) {
    wanted.open = true;
    wanted.scrollIntoView();
  }
}

function showIndex(main, document_) {
  const items = (document_.tags ?? []).map(({ name, description }) => {
    const count = Object.values(document_.paths).filter((item) =>
      METHODS.some((method) => item[method]?.tags?.[0] === name),
    ).length;
    const page = PAGES[name] ?? `/docs/api#${name}`;
    return make("li", {}, make("a", { href: page }, name), ` (${count} paths). `, ...marked(description));
  });
  main.replaceChildren(make("ul", {}, ...items));
}

async function begin() {
  const main = document.getElementById("routes");
  try {
    const response = await fetch("/api/openapi.json");
    if (!response.ok) throw new Error(`status ${response.status}`);
    const document_ = await response.json();
    if (main.dataset.index) showIndex(main, document_);
    else showRoutes(main, document_);
  } catch (error) {
    main.replaceChildren(
      make("p", { role: "status", class: "bad" }, `The OpenAPI document can not be read: ${error.message}`),
    );
  }
}

void begin();
