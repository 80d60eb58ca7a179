import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Payload } from '@nestjs/microservices';
import { McpController, McpStrategy, StreamableHttpTransport, Tool } from '@rekog/mcp-nest';
import { z } from 'zod';

class EchoController {
  async echo({ text }) {
    return { content: [{ type: 'text', text }] };
  }
}
const method = Object.getOwnPropertyDescriptor(EchoController.prototype, 'echo');
Payload()(EchoController.prototype, 'echo', 0);
Tool({ name: 'echo', description: 'Echoes a text', parameters: z.object({ text: z.string() }) })(
  EchoController.prototype,
  'echo',
  method,
);
McpController()(EchoController);

class AppModule {}
Module({ controllers: [EchoController] })(AppModule);

const strategy = new McpStrategy({
  name: 'nest-server',
  version: '1.0.0',
  transports: [new StreamableHttpTransport()],
});
const app = await NestFactory.create(AppModule, { logger: false });
strategy.setHttpAdapter(app.getHttpAdapter());
app.connectMicroservice({ strategy });
await app.startAllMicroservices();
await app.listen(Number(process.env['PORT']), '127.0.0.1');
