import { describeBackendSpaces } from '../../../contracts/backend-spaces.js';
import { FLOAT64 } from './subjects.js';

describeBackendSpaces('wasm in float64', FLOAT64, 20);
