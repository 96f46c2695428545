'use strict';
/** As much of VS Code's API as the extension and its language client ask for, on one document. */
const { EventEmitter: Emitter } = require('node:events');
const { pathToFileURL, fileURLToPath } = require('node:url');

class Disposable {
  constructor(end = () => undefined) {
    this.dispose = end;
  }
  static from(...all) {
    return new Disposable(() => all.forEach((one) => one.dispose()));
  }
}
class EventEmitter {
  #emitter = new Emitter();
  event = (listener, self) => {
    const bound = listener.bind(self);
    this.#emitter.on('event', bound);
    return new Disposable(() => this.#emitter.off('event', bound));
  };
  fire(value) {
    this.#emitter.emit('event', value);
  }
  dispose() {
    this.#emitter.removeAllListeners();
  }
}
class Position {
  constructor(line, character) {
    Object.assign(this, { line, character });
  }
}
class Range {
  constructor(a, b, c, d) {
    Object.assign(
      this,
      typeof a === 'number' ? { start: new Position(a, b), end: new Position(c, d) } : { start: a, end: b },
    );
  }
}
class Diagnostic {
  constructor(range, message, severity) {
    Object.assign(this, { range, message, severity });
  }
}
class Uri {
  static parse(text) {
    const uri = new Uri();
    uri.text = text;
    return uri;
  }
  static file(path) {
    return Uri.parse(pathToFileURL(path).href);
  }
  get scheme() {
    return this.text.slice(0, this.text.indexOf(':'));
  }
  get fsPath() {
    return fileURLToPath(this.text);
  }
  get path() {
    return new URL(this.text).pathname;
  }
  get authority() {
    return '';
  }
  get query() {
    return '';
  }
  get fragment() {
    return '';
  }
  toString() {
    return this.text;
  }
  with() {
    return this;
  }
}

const seen = { messages: [], output: '', diagnostics: new Map(), commands: new Map() };
const events = {};
const eventOf = (name) => (events[name] ??= new EventEmitter());
const output = (name) => ({
  name,
  append: (text) => {
    seen.output += text;
  },
  appendLine: (text) => {
    seen.output += `${text}\n`;
  },
  clear: () => {
    seen.output = '';
  },
  show() {},
  hide() {},
  replace() {},
  dispose() {},
  trace() {},
  debug() {},
  info(t) {
    seen.output += t + '\n';
  },
  warn(t) {
    seen.output += t + '\n';
  },
  error(t) {
    seen.output += t + '\n';
  },
  onDidChangeLogLevel: new EventEmitter().event,
  logLevel: 3,
});
const none = () => new Disposable();

const namespaces = {
  window: {
    activeTextEditor: undefined,
    visibleTextEditors: [],
    createOutputChannel: output,
    showInformationMessage: async (text) => void seen.messages.push(text),
    showWarningMessage: async (text) => void seen.messages.push(text),
    showErrorMessage: async (text) => void seen.messages.push(text),
    tabGroups: { all: [], onDidChangeTabs: new EventEmitter().event, onDidChangeTabGroups: new EventEmitter().event },
    withProgress: (_, task) => task({ report() {} }, { onCancellationRequested: none }),
  },
  workspace: {
    isTrusted: true,
    textDocuments: [],
    notebookDocuments: [],
    workspaceFolders: undefined,
    settings: {},
    getConfiguration: (section) => ({
      get: (key, fallback) => namespaces.workspace.settings[`${section}.${key}`] ?? fallback,
      inspect: () => undefined,
      has: () => false,
    }),
    createFileSystemWatcher: () => ({ onDidCreate: none, onDidChange: none, onDidDelete: none, dispose() {} }),
    asRelativePath: (path) => path,
    getWorkspaceFolder: () => undefined,
    applyEdit: async () => true,
    saveAll: async () => true,
  },
  commands: {
    registerCommand: (name, run) => {
      seen.commands.set(name, run);
      return new Disposable(() => seen.commands.delete(name));
    },
    executeCommand: async () => undefined,
  },
  languages: {
    match: (selector, { languageId }) => ([selector].flat().some(({ language }) => language === languageId) ? 10 : 0),
    createDiagnosticCollection: () => ({
      set: (uri, found) => {
        seen.diagnostics.set(uri.toString(), found);
        eventOf('told').fire();
      },
      delete: (uri) => seen.diagnostics.delete(uri.toString()),
      clear() {},
      dispose() {},
      has: () => false,
      get: () => undefined,
    }),
    setTextDocumentLanguage: async (document, language) => {
      eventOf('onDidCloseTextDocument').fire(document);
      document.languageId = language;
      eventOf('onDidOpenTextDocument').fire(document);
      return document;
    },
  },
  env: {
    language: 'en',
    appName: 'a stand-in',
    uriScheme: 'vscode',
    machineId: '',
    clipboard: {},
    onDidChangeTelemetryEnabled: none,
  },
  extensions: { all: [], getExtension: () => undefined, onDidChange: none },
  notebooks: {},
  debug: {},
  tasks: {},
  authentication: {},
  lm: {},
  l10n: { t: (text) => text },
};
/** What registers something is taken; what happens can be made to happen. */
const open = (name, namespace) =>
  new Proxy(namespace, {
    get: (target, key) => {
      if (key in target) return target[key];
      if (/^register|^create/.test(String(key))) return none;
      if (/^on/.test(String(key))) return eventOf(String(key)).event;
      return undefined;
    },
  });

const known = {
  version: '1.101.0',
  Disposable,
  EventEmitter,
  Position,
  Range,
  Selection: Range,
  Diagnostic,
  Uri,
  seen,
  events: eventOf,
  namespaces,
  CancellationTokenSource: class {
    token = { isCancellationRequested: false, onCancellationRequested: none };
    cancel() {}
    dispose() {}
  },
  ...Object.fromEntries(Object.entries(namespaces).map(([name, namespace]) => [name, open(name, namespace)])),
};
const made = new Map();
module.exports = new Proxy(known, {
  get(target, key) {
    if (key in target || typeof key === 'symbol') return target[key];

    // A class to be extended, whose statics are an enumeration's.
    if (!made.has(key))
      made.set(
        key,
        new Proxy(class {}, {
          get: (one, name) => (name in one ? one[name] : typeof name === 'symbol' ? undefined : String(name).length),
        }),
      );
    return made.get(key);
  },
});
