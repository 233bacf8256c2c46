// SPDX-License-Identifier: BSD-3-Clause
using BenchmarkDotNet.Attributes;
using Hammer2.Format;

namespace Hammer2.Benchmarks.Micro;

/// <summary>A table of references: finding a key in it, and judging it once when it is loaded.</summary>
[MemoryDiagnoser]
public class TableBenchmarks
{
    private Blockref[] _slots = [];
    private readonly byte[] _name = "release-notes-2026.tar.gz"u8.ToArray();
    private ulong _key;

    /// <summary>Slots of the smallest, the usual and the largest indirect block.</summary>
    [Params(32, 128, 512)]
    public int Slots { get; set; }

    /// <summary>How many of them are used; the rest are holes anywhere between.</summary>
    [Params(100, 50)]
    public int UsedPercent { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var random = new Random(1);
        _slots = new Blockref[Slots];
        for (int slot = 0; slot < Slots; slot++)
        {
            if (random.Next(100) >= UsedPercent) continue;
            _slots[slot] = new Blockref
            {
                Type = BlockrefType.Inode,
                Key = 0x400 + ((ulong)slot * 16),
                Methods = new BlockMethods(CheckMethod.XxHash64, CompressionMethod.None),
                Data = new DataOffset(0x8800000 + ((ulong)slot * 1024), Media.InodeRadix),
            };
        }
    }

    [Benchmark]
    public int FindFirst()
    {
        _key = (_key + 997) % ((ulong)Slots * 16);
        return new BlockTable(_slots).FindFirst(0x400 + _key);
    }

    [Benchmark]
    public bool Validate() => MediaValidator.Table(_slots, BlockrefType.Indirect) is null;

    [Benchmark]
    public ulong HashName() => DirectoryHash.Compute(_name);
}
