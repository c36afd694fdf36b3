// The addresses of all pages, read from the route table of the application.
import { readFileSync } from 'node:fs';

const TABLE = new URL('../../src/web/app.rs', import.meta.url);

/** Every route as it stands in the table, with the routes it is nested in: `/customers/:number/edit`. */
export function routes(): string[] {
  const above: string[] = [];
  const found: string[] = [];
  const tags = readFileSync(TABLE, 'utf8').matchAll(/<(\/?)(ParentRoute|Route)\b(?:[^>]*?path!\("([^"]*)"\))?/gs);
  for (const [, closing, tag, path] of tags) {
    if (closing) above.pop();
    else if (path === undefined) continue;
    else if (tag === 'ParentRoute') above.push(path);
    else found.push([...above, path].join('').replace(/\/$/, '') || '/');
  }
  return found;
}
