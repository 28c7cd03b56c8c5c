// One look-up through the network, as the query of @libp2p/kad-dht 16.4.5 goes (src/query/manager.ts, query-path.ts):
// disjoint paths, several questions at once on each, everybody asked once, a path ends when nobody nearer is left.

/** `K` of kad-dht. */
const CLOSEST = 20;

/**
 * @param options.tables who knows whom
 * @param options.self the node that looks
 * @param options.place what it looks for
 * @param options.met near ones that the node has met before, beside those of its table
 * @param options.answer of a node and the milliseconds since the look-up began: those until its answer is there, and whether one comes at all
 * @param options.disjoint options.alpha paths, and questions at once on each
 * @param options.limit milliseconds after which what is known by then is the result
 * @returns who answered with how many steps it took to hear of them, who did not, who was named; questions sent; milliseconds
 */
export function walk({ space, tables, self, place, met = [], answer, limit, shuffle, alpha, disjoint }) {
  const seen = new Set();
  const steps = new Map();
  const answered = [];
  const failed = [];
  const due = [];
  let asked = 0;
  let now = 0;

  const ask = (path, node) => {
    const { delay, alive } = answer(node, now);
    asked++;
    path.running++;
    insert(due, { at: now + delay, node, path, alive }, (event) => event.at);
  };
  const go = (path) => {
    while (path.running < alpha && path.queue.length > 0) {
      const node = path.queue.shift();
      if (canAdd(space, path.closest, node, place)) ask(path, node);
    }
  };
  const enqueue = (path, node, step) => {
    seen.add(node);
    steps.set(node, step);
    insertBy(path.queue, node, (a, b) => space.compare(a, b, place));
  };

  const known = [...new Set([...tables.closest(self, place), ...met])];
  const starting = shuffle(known.sort((a, b) => space.compare(a, b, place)).slice(0, CLOSEST));
  const paths = Array.from({ length: disjoint }, () => ({ queue: [], running: 0, closest: [] }));
  starting.forEach((node, index) => enqueue(paths[index % disjoint], node, 1));
  for (const path of paths) go(path);
  while (due.length > 0) {
    const { at, node, path, alive } = due.shift();
    if (at > limit) return { answered, failed, seen, steps, asked, took: limit, cut: true };
    now = at;
    path.running--;
    if (alive) {
      answered.push(node);
      insertBy(path.closest, node, (a, b) => space.compare(a, b, place));
      if (path.closest.length > CLOSEST) path.closest.pop();
      for (const other of tables.closest(node, place, self)) {
        if (other === self || seen.has(other)) continue;
        if (space.compare(other, node, place) < 0 && canAdd(space, path.closest, other, place))
          enqueue(path, other, steps.get(node) + 1);
      }
    } else failed.push(node);
    go(path);
  }
  return { answered, failed, seen, steps, asked, took: now, cut: false };
}

function canAdd(space, closest, node, place) {
  return closest.length < CLOSEST || space.compare(node, closest[closest.length - 1], place) < 0;
}

function insert(list, item, by) {
  const value = by(item);
  let at = list.length;
  while (at > 0 && by(list[at - 1]) > value) at--;
  list.splice(at, 0, item);
}

function insertBy(list, item, compare) {
  let at = list.length;
  while (at > 0 && compare(list[at - 1], item) > 0) at--;
  list.splice(at, 0, item);
}
