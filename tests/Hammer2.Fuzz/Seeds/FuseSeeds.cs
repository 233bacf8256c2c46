// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Fuse.Protocol;

namespace Hammer2.Fuzz.Seeds;

/// <summary>Requests of every opcode, and offers of kernels.</summary>
internal static class FuseSeeds
{
    /// <summary>For each opcode a request whose body has small numbers, two names and data.</summary>
    public static IEnumerable<byte[]> Requests()
    {
        byte[] names = [.. "name\0other\0"u8];
        foreach (FuseOpcode opcode in Enum.GetValues<FuseOpcode>())
        {
            // Most records have 16 to 48 bytes; each length has the names in another place.
            foreach (int recordBytes in new[] { 0, 16, 40 })
            {
                byte[] record = new byte[recordBytes];
                for (int at = 0; at < recordBytes; at += sizeof(ulong)) record[at] = 4;
                byte[] body = [.. record, .. names, 1, 2, 3, 4];
                yield return new InputWriter().Add(1).Word(40 + body.Length).Add(Request(opcode, body)).ToArray();
            }
        }
        // An interrupt and the request that it is about, and an answer that is refused.
        yield return new InputWriter().Add(1)
            .Word(48).Add(Request(FuseOpcode.Interrupt, [5, 0, 0, 0, 0, 0, 0, 0]))
            .Word(45).Add(Request(FuseOpcode.Lookup, [.. "name\0"u8])).ToArray();
        yield return new InputWriter().Add(5).Word(45).Add(Request(FuseOpcode.Lookup, [.. "name\0"u8])).ToArray();
        yield return new InputWriter().Add(0x51).Word(40).Add(Request(FuseOpcode.StatFs, [])).ToArray();
    }

    /// <summary>Kernels old and new, and one that asks for another major version first.</summary>
    public static IEnumerable<byte[]> Inits()
    {
        foreach (int minor in new[] { 30, 31, 36, 45, 99 })
            yield return Init(new InputWriter(), 7, minor, minor >= 36 ? 64 : 16).ToArray();
        yield return Init(Init(new InputWriter(), 8, 0, 16), 7, 40, 64).ToArray();
        yield return new InputWriter().Word(0x8000 + 45).Add(Request(FuseOpcode.Lookup, [.. "name\0"u8])).ToArray();
    }

    private static InputWriter Init(InputWriter input, int major, int minor, int bodyBytes)
    {
        byte[] body = new byte[bodyBytes];
        body.AsSpan(8).Fill(0xFF);
        (body[0], body[4]) = ((byte)major, (byte)minor);
        return input.Word(0x8000 + 40 + bodyBytes).Add(Request(FuseOpcode.Init, body));
    }

    private static byte[] Request(FuseOpcode opcode, byte[] body)
    {
        var header = new FuseInHeader
        {
            Length = (uint)(40 + body.Length),
            Opcode = opcode,
            Unique = 5,
            NodeId = 2,
            Uid = 1000,
            Gid = 1000,
            ProcessId = 4242,
        };
        return new InputWriter().Record(header).Add(body).ToArray();
    }
}
