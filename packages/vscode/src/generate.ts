import { randomBytes, randomUUID } from 'node:crypto';
import { Range, window, type Selection, type TextDocument } from 'vscode';

const makers = {
  secret: () => randomBytes(16).toString('hex'),
  UUID: () => randomUUID() as string,
} as const;

/** Writes something new in the place of each selection, in quotes unless they are there. */
export async function generate(what: keyof typeof makers): Promise<void> {
  const editor = window.activeTextEditor;
  if (editor === undefined) {
    void window.showInformationMessage('Sluice: open the configuration first.');
    return;
  }
  const { document, selections } = editor;
  await editor.edit((edit) => {
    for (const selection of selections) {
      const made = makers[what]();
      edit.replace(selection, isQuoted(document, selection) ? made : `"${made}"`);
    }
  });
}

/** Whether a quote stands before what is selected and another one after it. */
function isQuoted(document: TextDocument, { start, end }: Selection): boolean {
  const before = document.getText(new Range(start.line, Math.max(0, start.character - 1), start.line, start.character));
  const after = document.getText(new Range(end.line, end.character, end.line, end.character + 1));
  return (before === '"' || before === "'") && after === before;
}
