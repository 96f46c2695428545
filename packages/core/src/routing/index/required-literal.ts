/**
 * The longest text that stands in everything an expression matches, lower-case; "" where that is not
 * plain to see. Only what is outside of groups and classes is looked at.
 */
export function requiredLiteral(expression: string): string {
  // Flags, quoting and character escapes by number would need a parser.
  if (/\(\?(?!:)|\\[QExpPC0-9]/.test(expression)) return '';
  let best = '';
  let run = '';
  const end = (): void => {
    if (run.length > best.length) best = run;
    run = '';
  };
  for (let i = 0; i < expression.length; i += 1) {
    const char = expression[i]!;
    if (char === '|') return '';
    if (char === '(' || char === '[') {
      end();
      i = char === '(' ? groupEnd(expression, i) : classEnd(expression, i);
    } else if (char === '?' || char === '*' || char === '{') {
      // What is before may be missing.
      run = run.slice(0, -1);
      end();
      if (char === '{') i = Math.max(i, expression.indexOf('}', i));
    } else if (char === '\\' && /[.-]/.test(expression[i + 1] ?? '')) {
      i += 1;
      run += expression[i]!;
    } else if (char === '\\') {
      end();
      i += 1;
    } else if (/[a-z0-9-]/i.test(char)) run += char.toLowerCase();
    else end();
  }
  end();
  return best;
}

function classEnd(expression: string, start: number): number {
  // A bracket that comes first, or after "^", belongs to the class.
  let i = start + (expression[start + 1] === '^' ? 2 : 1);
  if (expression[i] === ']') i += 1;
  for (; i < expression.length && expression[i] !== ']'; i += 1) {
    if (expression[i] === '\\') i += 1;
    else if (expression.startsWith('[:', i)) i = Math.max(i, expression.indexOf(':]', i) + 1);
  }
  return i;
}

function groupEnd(expression: string, start: number): number {
  let depth = 0;
  let i = start;
  for (; i < expression.length; i += 1) {
    const char = expression[i];
    if (char === '\\') i += 1;
    else if (char === '[') i = classEnd(expression, i);
    else if (char === '(') depth += 1;
    else if (char === ')' && --depth === 0) return i;
  }
  return i;
}
