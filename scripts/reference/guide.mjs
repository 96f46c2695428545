/** The guide's blocks of code are files: each comment that names one is followed by what is in it. */

export const guidePath = 'docs/writing-a-plugin.md';

const BLOCK =
  /<!-- (docs\/examples\/[\w./-]+) -->\n(?:\n(?:<!-- prettier-ignore -->\n)?(`{3,})\w+\n(?:[\s\S]*?\n)??\2\n)?/g;
const languages = { '.json': 'json', '.jsonc': 'jsonc', '.mjs': 'js', '.ts': 'ts' };

/**
 * @param text the guide
 * @param read gives a file's content by its path from the root
 * @returns the guide with every block as the files are now
 */
export function withFiles(text, read) {
  return text.replace(BLOCK, (_whole, path) => {
    const language = languages[/\.\w+$/.exec(path)?.[0] ?? ''] ?? '';
    // As the file is formatted, not as a block of that language would be.
    return `<!-- ${path} -->\n\n<!-- prettier-ignore -->\n\`\`\`${language}\n${read(path).trimEnd()}\n\`\`\`\n`;
  });
}
