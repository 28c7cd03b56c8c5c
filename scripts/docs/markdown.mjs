/** Small pieces of Markdown. */

/** What every generated page begins with. */
export function page(title, ...blocks) {
  return `${[`<!-- Made by npm run docs; changes here are lost. -->`, `# ${title}`, ...blocks].join('\n\n')}\n`;
}

/** A table; undefined where there are no rows. */
export function table(head, rows) {
  if (rows.length === 0) return undefined;
  const line = (cells) => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Text that a cell can hold. */
function cell(text) {
  return String(text ?? '')
    .replaceAll('|', '\\|')
    .replaceAll('\n', ' ');
}

export function code(text) {
  return text.includes('`') ? `\`\` ${text} \`\`` : `\`${text}\``;
}

export function fence(text, language = '') {
  return `\`\`\`${language}\n${text}\n\`\`\``;
}

/** The blocks that are there, one after the other. */
export function join(...blocks) {
  return blocks.filter((block) => block !== undefined && block !== '').join('\n\n');
}

/** A sentence that ends like one. */
export function sentence(text) {
  return /[.!?:]$/.test(text) ? text : `${text}.`;
}
