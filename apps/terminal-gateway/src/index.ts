export { gatewayEnvironment, gatewayFrom, gatewayProblems } from './environment.ts';
export { TERMINAL_GATEWAY, TerminalGatewayModule } from './terminal-gateway.module.ts';
export { openTerminalGateway, type GatewayStatus, type TerminalGateway } from './terminal-gateway.ts';
export type { GatewaySettings, SignInLimits } from './settings.ts';
