import { BulkOperation, BulkOperations, CloudflareApi, CloudflareError } from "@bulk-operations/core"
import { BulkOperationsTest } from "@bulk-operations/core/testing"
import type { Config, Effect, Layer, Option } from "effect"
import type { HttpClient } from "effect/http"
import { describe, expect, it } from "tstyche"

declare const operation: BulkOperation.BulkOperation
declare const operations: BulkOperations.BulkOperations["Service"]
declare const error: CloudflareError.CloudflareError

describe("an operation", () => {
  it("is told apart by its status", () => {
    if (operation.status === "completed") expect(operation).type.toBe<BulkOperation.Completed>()
    if (operation.status === "failed") expect(operation.error).type.toBe<Option.Option<string>>()
    if (operation.status === "pending") expect(operation).type.not.toHaveProperty("completed")
    if (operation.status === "running") expect(operation).type.not.toHaveProperty("error")
  })

  it("has these states and no others", () => {
    expect<BulkOperation.Status>().type.toBe<"pending" | "running" | "completed" | "failed">()
  })

  it("is narrowed by isTerminal, both ways", () => {
    if (BulkOperation.isTerminal(operation)) {
      expect(operation).type.toBe<BulkOperation.Completed | BulkOperation.Failed>()
    } else expect(operation).type.toBe<BulkOperation.Pending | BulkOperation.Running>()
  })

  it("is matched only with all of its states", () => {
    const match = BulkOperation.BulkOperation.match
    expect(match).type.toBeCallableWith(operation, {
      pending: () => 1,
      running: () => 2,
      completed: () => 3,
      failed: () => 4
    })
    expect(match).type.not.toBeCallableWith(operation, { pending: () => 1, running: () => 2, completed: () => 3 })
  })

  it("has an id that no string is by itself", () => {
    expect<string>().type.not.toBeAssignableTo<BulkOperation.OperationId>()
    expect<BulkOperation.OperationId>().type.toBeAssignableTo<string>()
    expect<BulkOperation.AccountId>().type.not.toBeAssignableTo<BulkOperation.OperationId>()
  })
})

describe("BulkOperations", () => {
  it("get fails with a CloudflareError and needs nothing", () => {
    expect(operations.get("op-1")).type.toBe<
      Effect.Effect<BulkOperation.BulkOperation, CloudflareError.CloudflareError>
    >()
  })

  it("get takes text as the id", () => {
    expect(operations.get).type.not.toBeCallableWith(1)
    expect(operations.get).type.not.toBeCallableWith("op-1", { account: "account" })
  })

  it("needs CloudflareApi", () => {
    expect(BulkOperations.layer).type.toBe<
      Layer.Layer<BulkOperations.BulkOperations, never, CloudflareApi.CloudflareApi>
    >()
  })

  it("needs nothing from a script", () => {
    expect(BulkOperationsTest.layer({ "op-1": ["pending", "completed"] })).type.toBe<
      Layer.Layer<BulkOperations.BulkOperations | BulkOperationsTest.BulkOperationsTest>
    >()
    expect(BulkOperationsTest.layer).type.not.toBeCallableWith({ "op-1": ["paused"] })
  })
})

describe("CloudflareApi", () => {
  it("needs an HttpClient, and from the environment fails with a ConfigError", () => {
    expect(CloudflareApi.layerConfig).type.toBe<
      Layer.Layer<CloudflareApi.CloudflareApi, Config.ConfigError, HttpClient.HttpClient>
    >()
  })

  it("takes no secret that is plain text", () => {
    expect(CloudflareApi.layer).type.not.toBeCallableWith({ credentials: "token", accountId: "account" })
  })
})

describe("a CloudflareError", () => {
  it("has a reason that is told apart by its tag", () => {
    if (error.reason._tag === "RateLimited") expect(error.reason).type.toBe<CloudflareError.RateLimited>()
  })
})
