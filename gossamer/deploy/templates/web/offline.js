/* Keeps the page for when there is no network: what was loaded once is there again. */

const CACHE = "@NAME@";
const VECTORS = Uint8Array.of(@VECTORS@);

self.addEventListener("install", (event) => {
  const module = WebAssembly.validate(VECTORS) ? "@NAME@.wasm" : "@NAME@.scalar.wasm";
  const files = [@FILES@, module];
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(files)));
});

self.addEventListener("fetch", (event) => {
  if (event.request.method === "GET") {
    event.respondWith(freshOrKept(event.request));
  }
});

async function freshOrKept(request) {
  const cache = await caches.open(CACHE);
  try {
    const response = await fetch(request);
    if (response.ok) {
      await cache.put(request, response.clone());
    }
    return response;
  } catch (error) {
    const kept = await cache.match(request, { ignoreSearch: true });
    if (kept === undefined) {
      throw error;
    }
    return kept;
  }
}
