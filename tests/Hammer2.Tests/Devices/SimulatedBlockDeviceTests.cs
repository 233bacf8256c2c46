// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Format;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.Tests.Devices;

/// <summary>
/// Goal: the simulated device of crash tests loses writes that a drive may lose, and no others. Method: random writes
/// and flushes, power loss at a random write; every sector must then hold its durable content or that of a write that
/// was pending.
/// </summary>
public sealed class SimulatedBlockDeviceTests
{
    private const int SectorBytes = 512;
    private const int SectorsTotal = 64;

    [Fact]
    public void After_power_loss_each_sector_is_durable_or_was_pending()
    {
        int kept = 0, lost = 0;
        foreach (ulong seed in SeededRandom.Seeds(200))
        {
            var random = new SeededRandom(seed);
            var device = new SimulatedBlockDevice(SectorsTotal * SectorBytes, random);
            var allowed = new List<byte>[SectorsTotal];
            for (int sector = 0; sector < SectorsTotal; sector++)
                allowed[sector] = [0];
            device.FailPowerAtWrite(random.Between(1, 40));
            for (byte value = 1; device.IsPowered; value++)
                WriteSome(device, random, value, allowed);
            Assert.Equal(Hammer2Error.Io, device.Read(0, new byte[SectorBytes]));
            Assert.Equal(Hammer2Error.Io, device.Flush());

            device.RestorePower();
            byte[] bytes = new byte[SectorBytes];
            for (int sector = 0; sector < SectorsTotal; sector++)
            {
                Assert.Equal(Hammer2Error.None, device.Read(sector * SectorBytes, bytes));
                bool isTorn = bytes.AsSpan().ContainsAnyExcept(bytes[0]);
                Assert.False(isTorn, $"seed {seed}: torn within a sector");
                Assert.Contains(bytes[0], allowed[sector]);
                kept += allowed[sector].Count > 1 && bytes[0] == allowed[sector][^1] ? 1 : 0;
                lost += allowed[sector].Count > 1 && bytes[0] == allowed[sector][0] ? 1 : 0;
            }
        }
        Assert.InRange(kept, 1, int.MaxValue);
        Assert.InRange(lost, 1, int.MaxValue);
    }

    [Fact]
    public void Without_power_loss_readers_see_every_write()
    {
        var device = new SimulatedBlockDevice(SectorsTotal * SectorBytes, new SeededRandom(1));
        byte[] ones = new byte[SectorBytes];
        ones.AsSpan().Fill(1);
        Assert.Equal(Hammer2Error.None, device.Write(SectorBytes, ones));
        byte[] read = new byte[SectorBytes];
        Assert.Equal(Hammer2Error.None, device.Read(SectorBytes, read));
        Assert.Equal(ones, read);
        Assert.Equal(1, device.PendingCount);
        Assert.Equal(Hammer2Error.None, device.Flush());
        Assert.Equal(0, device.PendingCount);
        device.FailPower();
        device.RestorePower();
        Assert.Equal(Hammer2Error.None, device.Read(SectorBytes, read));
        Assert.Equal(ones, read);
    }

    private static void WriteSome(
        SimulatedBlockDevice device, SeededRandom random, byte value, List<byte>[] allowed)
    {
        if (random.OneIn(4) && device.Flush() == Hammer2Error.None)
        {
            foreach (List<byte> values in allowed)
                values.RemoveRange(0, values.Count - 1);
        }
        int first = random.Below(SectorsTotal - 8);
        int count = (int)random.Between(1, 8);
        byte[] bytes = new byte[count * SectorBytes];
        bytes.AsSpan().Fill(value);
        _ = device.Write(first * SectorBytes, bytes);
        for (int sector = first; sector < first + count; sector++)
            allowed[sector].Add(value);
    }
}
