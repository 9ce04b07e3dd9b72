/** All that a child process of a test is told of our own environment: no other variable may change what is tested. */
export const childEnvironment = () => ({ PATH: process.env.PATH, HOME: process.env.HOME, TZ: process.env.TZ })
