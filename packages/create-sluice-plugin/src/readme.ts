import type { Answers, Kind } from './answers.js';

interface Text {
  readonly what: string;
  /** What there is, by file. */
  readonly files: readonly (readonly [string, string])[];
}

const texts: Readonly<Record<Kind, Text>> = {
  protocol: {
    what: 'A protocol for Sluice. What is here now is a toy: a client sends one line with a proof of the password and its target, and from then on both directions are XORed with a key, which hides nothing. Put yours in its place.',
    files: [
      ['src/schema.ts', 'the settings: types, validation and help in editors come from it'],
      ['src/request.ts', "the handshake's bytes"],
      ['src/codec.ts', "the payload's bytes, one direction at a time"],
      ['src/inbound.ts', 'the server'],
      ['src/outbound.ts', 'the client'],
    ],
  },
  transport: {
    what: 'A transport for Sluice: what inbounds and outbounds of any protocol name in `streamSettings.network`, so that their streams go through it. What is here now greets and XORs the bytes with a key, which hides nothing. Put yours in its place.',
    files: [
      ['src/schema.ts', 'the settings: types, validation and help in editors come from it'],
      ['src/codec.ts', 'what is done to the bytes, one direction at a time'],
      ['src/layer.ts', 'both ends: what they say first, and what they put on the stream'],
    ],
  },
  rule: {
    what: 'A kind of routing rule for Sluice, and the same as a condition beside others in rules of type `field`. What is here now matches at certain hours of the day. Put yours in its place.',
    files: [['src/rule.ts', 'settings, check and match']],
  },
  service: {
    what: 'A service for Sluice: a key at the top of the configuration, for something that runs with the core. What is here now writes a line to the log from time to time. Put yours in its place.',
    files: [['src/service.ts', 'settings, start and close']],
  },
};

export function readme({ kind, packageName, license }: Answers): string {
  const { what, files } = texts[kind];
  const rows = [...files, ['src/index.ts', 'the definition: what the plugin contributes'] as const];
  return `# ${packageName}

${what}

\`\`\`sh
npm install
npm test                          # builds, makes schema.json, runs the tests
npx sluice check example.jsonc
npx sluice run -c example.jsonc
\`\`\`

An example is in [example.jsonc](example.jsonc).

${rows.map(([file, about]) => `- \`${file}\`: ${about}.`).join('\n')}

\`schema.json\` is what editors know of the plugin without running it. Check it in: CI says when it is out of date.

## Publishing

\`npm pack\` shows what will be in the package; then \`npm publish\`. The part under \`"sluice"\` in package.json says what the plugin contributes: it is held to that when it is loaded.
${license === 'none' ? '' : `\n## License\n\n${license}, see [LICENSE](LICENSE).\n`}`;
}
