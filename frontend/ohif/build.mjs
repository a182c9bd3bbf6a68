// Makes docroot/browse, the OHIF viewer as the server serves it at /browse, of the npm package @ohif/app.
//
//   node frontend/ohif/build.mjs             fetch the package with npm
//   node frontend/ohif/build.mjs FILE.tgz    take it from a file, where there is no network
//
// The package is made for the root of a server and for a machine with time: here it is trimmed, its paths are
// rewritten, and its text files are kept as .br and .gz, which is what browsers are sent. Does nothing where all is done.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

const PACKAGE = "@ohif/app@3.13.2";
const INTEGRITY =
  "sha512-WZdxmpmG7rqFgW9ZJLcbgr3XCtLi1KDNPoMaeY5PPe6j4G4fjEjjkycZM6C6Zk2F87BKxFfpq+jd5xXZB9E8EA==";
const BASE = "/browse/";
// A runtime for one tool whose model is elsewhere, a service worker that asks another host, sign-in that is not set up.
const LEFT_OUT = /^(ort\/|sw\.js$|google\.js$|oidc-client|silent-refresh|serve\.json$|_)|\.map$/;
const COMPRESSED = [".js", ".mjs", ".css", ".html", ".json", ".svg", ".wasm", ".xml"];
const BROTLI_QUALITY = 9; // 11 makes 10 % less in nine times as long

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, "..", "..", "docroot", "browse");
const run = promisify(execFile);

// How often each must be found; another number means another package, whose paths nobody has looked at.
const REWRITES = [
  { file: /\.js$/, from: '__webpack_require__.p = "/"', to: `__webpack_require__.p = "${BASE}"`, times: 8 },
  { file: /^index\.html$/, from: 'window.PUBLIC_URL="/"', to: `window.PUBLIC_URL="${BASE}"`, times: 2 },
  { file: /^index\.html$/, from: 'href="/', to: `href="${BASE}`, times: 28 },
  { file: /^index\.html$/, from: 'src="/', to: `src="${BASE}`, times: 3 },
  { file: /^index\.html$/, from: 'content="/assets/', to: `content="${BASE}assets/`, times: 2 },
  { file: /^app\.bundle\.css$/, from: "url(/", to: `url(${BASE}`, times: 5 },
  {
    file: /^app\.bundle\..*\.js$/,
    from: "'/dicom-microscopy-viewer/",
    to: `'${BASE}dicom-microscopy-viewer/`,
    times: 1,
  },
  {
    file: /^(manifest\.json|assets\/.*\.(json|xml|webapp))$/,
    from: '"/assets/',
    to: `"${BASE}assets/`,
    times: 17,
  },
];

async function fingerprint() {
  const digest = createHash("sha256").update(INTEGRITY);
  for (const name of ["build.mjs", "app-config.js", "NOTICE"])
    digest.update(await readFile(join(here, name)));
  return digest.digest("hex");
}

async function fetchPackage(folder) {
  const options = ["--fetch-retries=0", "--fetch-timeout=30000", "--ignore-scripts", "--silent"];
  await run("npm", ["pack", PACKAGE, "--pack-destination", folder, ...options]).catch(() => {
    throw new Error(`npm could not fetch ${PACKAGE}`);
  });
  const names = (await readdir(folder)).filter((name) => name.endsWith(".tgz"));
  return join(folder, names[0]);
}

async function check(archive) {
  const found = `sha512-${createHash("sha512")
    .update(await readFile(archive))
    .digest("base64")}`;
  if (found !== INTEGRITY) throw new Error(`${basename(archive)} is not ${PACKAGE}: its digest is ${found}`);
}

async function filesOf(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return paths.map((path) => path.slice(folder.length + 1));
}

function rewrite(name, bytes, counts) {
  const rules = REWRITES.filter((rule) => rule.file.test(name));
  if (!rules.length) return bytes;
  let text = bytes.toString("utf8");
  for (const rule of rules) {
    const pieces = text.split(rule.from);
    counts.set(rule, (counts.get(rule) ?? 0) + pieces.length - 1);
    text = pieces.join(rule.to);
  }
  return Buffer.from(text);
}

async function write(folder, name, bytes) {
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true });
  if (!COMPRESSED.includes(extname(name))) return writeFile(path, bytes);
  const quality = { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY };
  const [br, gz] = await Promise.all([
    promisify(brotliCompress)(bytes, { params: quality }),
    promisify(gzip)(bytes, { level: 9 }),
  ]);
  await Promise.all([writeFile(`${path}.br`, br), writeFile(`${path}.gz`, gz)]);
}

async function build(archive, work, made) {
  await run("tar", ["-xzf", archive, "-C", work, "--exclude=package/dist/ort"]);
  const source = join(work, "package", "dist");
  const counts = new Map(REWRITES.map((rule) => [rule, 0]));
  for (const name of await filesOf(source)) {
    if (LEFT_OUT.test(name)) continue;
    const own = name === "app-config.js" ? join(here, name) : join(source, name);
    await write(made, name, rewrite(name, await readFile(own), counts));
  }
  for (const [rule, found] of counts) {
    if (found !== rule.times)
      throw new Error(`${rule.from} stands ${found} times in ${rule.file}, not ${rule.times}`);
  }
  await cp(join(work, "package", "LICENSE"), join(made, "LICENSE"));
  await cp(join(here, "NOTICE"), join(made, "NOTICE"));
}

const stamp = join(target, ".made-of");
const wanted = await fingerprint();
if ((await readFile(stamp, "utf8").catch(() => "")) !== wanted) {
  const work = await mkdtemp(join(tmpdir(), "ohif-"));
  // Beside the target, so that it can be given its name at once when it is whole.
  const made = `${target}.new-${process.pid}`;
  try {
    const archive = process.argv[2] ?? (await fetchPackage(work));
    await check(archive);
    await build(archive, work, made);
    await writeFile(join(made, ".made-of"), wanted);
    await rm(target, { recursive: true, force: true });
    await rename(made, target);
  } catch (error) {
    console.error(`OHIF is not there, /browse says so: ${error.message.trim()}`);
    process.exitCode = 1;
  } finally {
    await rm(work, { recursive: true, force: true });
    await rm(made, { recursive: true, force: true });
  }
}
