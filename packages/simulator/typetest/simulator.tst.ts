import { Fault, Simulator, type SimulatorError } from "@bulk-operations/simulator"
import { SimulatorServer } from "@bulk-operations/simulator/node"
import type { Layer } from "effect"
import type { HttpClient } from "effect/http"
import { describe, expect, it } from "tstyche"

declare const simulator: Simulator.Simulator["Service"]

describe("the layers", () => {
  it("without a socket is an HttpClient, and cannot fail", () => {
    expect(Simulator.layerHttpClient()).type.toBe<Layer.Layer<Simulator.Simulator | HttpClient.HttpClient>>()
  })

  it("on a socket can fail to listen", () => {
    expect(SimulatorServer.layer()).type.toBe<Layer.Layer<Simulator.Simulator, SimulatorError.SimulatorError>>()
  })
})

describe("a fault", () => {
  it("is for endpoints that there are", () => {
    expect(simulator.inject).type.toBeCallableWith(Fault.notFound, { on: "lists.bulkOperations.get" })
    expect(simulator.inject).type.not.toBeCallableWith(Fault.notFound, { on: "lists.nothing" })
  })

  it("with a page of HTML is for statuses that Cloudflare's edge answers", () => {
    expect(Fault.htmlError).type.toBeCallableWith(502)
    expect(Fault.htmlError).type.not.toBeCallableWith(404)
  })
})
