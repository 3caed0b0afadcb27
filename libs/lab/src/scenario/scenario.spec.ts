import { describe, expect, it } from 'vitest';
import { formatScenario, idOfName, parseScenario } from './scenario.ts';

const TEXT = `# A comment.
nodes 10 3f b2 | leaf-set 2 | show envelope
route 3f key=b0   # to its root
wait 500 ms
join 77 via 10
----
3f -> b2  envelope
`;

describe('a scenario', () => {
  it('is a ring, actions and what is expected', () => {
    const scenario = parseScenario(TEXT);
    expect(scenario).toMatchObject({
      nodes: ['10', '3f', 'b2'],
      leafSet: 2,
      actions: [
        { type: 'route', node: '3f', key: idOfName('b0') },
        { type: 'wait', forMs: 500 },
        { type: 'join', node: '77', through: '10' },
      ],
      expected: '3f -> b2  envelope\n',
    });
    expect([...scenario.shown]).toEqual(['envelope']);
  });

  it('keeps its words when the expectation is rewritten', () => {
    expect(formatScenario(parseScenario(TEXT), 'new\n')).toBe(TEXT.replace('3f -> b2  envelope', 'new'));
    expect(formatScenario(parseScenario('nodes 10\nheal'), 'new\n')).toBe('nodes 10\nheal\n----\nnew\n');
  });

  it.each([
    ['', 'begins with a line of nodes'],
    ['ring 10', "line 1: 'ring' is none of nodes, leaf-set, show"],
    ['nodes xy', "line 1: 'xy' is no name"],
    ['nodes 10\nfly 10', "line 2: 'fly' is none of route,"],
    ['nodes 10\n\nwait 5', 'line 3: wait N ms'],
    ['nodes 10\njoin 11 10', 'line 2: join NODE via NODE'],
  ])('is refused when it is %j', (text, reason) => {
    expect(() => parseScenario(text)).toThrow(reason);
  });
});
