export {
  chapterOf,
  concernsServers,
  type Side,
  type Standard,
  type Statement,
  standardNames,
} from './statement.ts';
export { isStatement, statementOf, statements } from './statements.ts';
