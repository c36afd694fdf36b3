// People, customers and invoices that a story starts from, made by the command line and the API.
import { randomUUID } from 'node:crypto';
import { expect } from '@playwright/test';
import { PASSWORD, type Server } from './server';

export type Json = Record<string, unknown>;

/** A customer with one receivable account. */
export type Customer = { name: string; number: string; account: string };

/** An invoice as the API answers it. */
export type Invoice = { id: string; number: string };

/** The API of a server, as a program uses it: with the rights of an accountant, where nothing else is said. */
export class Company {
  private constructor(private readonly server: Server, private readonly token: string) {}

  static async on(server: Server, role = 'accountant'): Promise<Company> {
    const token = await server.saldo('token', 'add', '--role', role);
    return new Company(server, token.trim());
  }

  /** Somebody with `role` can log in with PASSWORD. */
  async person(role: string, email: string, name: string): Promise<void> {
    await this.server.saldo('user', 'add', email, '--role', role, '--name', name, '--password', PASSWORD);
  }

  /** Somebody of `customer` can log in to the portal with PASSWORD. */
  async portalPerson(customer: Customer, email: string, name: string): Promise<void> {
    const words = ['--customer', customer.number, '--name', name, '--password', PASSWORD];
    await this.server.saldo('user', 'add', email, ...words);
  }

  async customer(name: string, account: string, currency = 'EUR'): Promise<Customer> {
    const made = await this.post('customers', { name, currency, account_number: account });
    return { name, number: made.number as string, account };
  }

  /** A finalised invoice without tax over `amount`, due after the customer's terms. */
  async invoice(customer: Customer, issuedOn: string, amount: string, description: string): Promise<Invoice> {
    const lines = [{ description, quantity: '1', unit_price: amount }];
    const reason = 'Taken over';
    const asked = { account: customer.account, issued_on: issuedOn, lines, act: 'finalise', reason };
    const made = await this.post('invoices', asked);
    return { id: made.id as string, number: made.number as string };
  }

  /** Money that pays nothing yet: all of it is credit. */
  async payOnAccount(customer: Customer, receivedOn: string, amount: string): Promise<void> {
    const received = { amount, currency: 'EUR' };
    const asked = { account: customer.account, amount: received, received_on: receivedOn, method: 'bank_transfer' };
    await this.post('payments', { ...asked, reason: 'Taken over' });
  }

  /** Everybody's credit pays what they owe, without a preview. */
  async applyCredits(effectiveOn: string): Promise<void> {
    await this.server.saldo('apply-credits', '--effective-date', effectiveOn);
  }

  /** The id of the customer's one credit grant. */
  async grantOf(customer: Customer): Promise<string> {
    return await this.onlyOne('credit-grants', customer);
  }

  /** The id of the customer's one payment. */
  async paymentOf(customer: Customer): Promise<string> {
    return await this.onlyOne('payments', customer);
  }

  private async onlyOne(resource: string, customer: Customer): Promise<string> {
    const items = await this.list(`${resource}?account=${customer.account}`);
    expect(items).toHaveLength(1);
    return items[0].id as string;
  }

  /** The first items of a list of the API. */
  async list(resource: string): Promise<Json[]> {
    const answer = await this.ask(resource, { method: 'GET' }, 200);
    return answer.items as Json[];
  }

  async post(resource: string, body: Json): Promise<Json> {
    const headers = { 'content-type': 'application/json', 'idempotency-key': randomUUID() };
    return await this.ask(resource, { method: 'POST', headers, body: JSON.stringify(body) }, 201);
  }

  /** Does something with what is there already. */
  async act(resource: string, body: Json): Promise<Json> {
    const headers = { 'content-type': 'application/json', 'idempotency-key': randomUUID() };
    return await this.ask(resource, { method: 'POST', headers, body: JSON.stringify(body) }, 200);
  }

  private async ask(resource: string, request: RequestInit, status: number): Promise<Json> {
    const headers = { ...request.headers, authorization: `Bearer ${this.token}` };
    const answer = await fetch(`${this.server.baseURL}/api/v1/${resource}`, { ...request, headers });
    const text = await answer.text();
    expect(answer.status, `${resource}: ${text}`).toBe(status);
    return JSON.parse(text) as Json;
  }
}
