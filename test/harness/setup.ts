import { cleanUpAfterFile } from './database.ts';

cleanUpAfterFile();
