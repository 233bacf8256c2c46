// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text.Json;
using Hammer2.Admin.Resolve;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Tests.Admin;
using Xunit;

namespace Hammer2.Tests.Recovery;

/// <summary>
/// Goal: what is said of an address is true of its block, for every reference to it. Method: a map of golden images
/// that is made without the tool, and addresses of the layout.
/// </summary>
public sealed class ResolveTests
{
    [Theory]
    [InlineData("basic-makefs", 25)]
    [InlineData("pfs-snap", 25)]
    [InlineData("mvol2", 25)]
    public void Every_reference_to_a_block_is_found(string image, int blocks)
    {
        using VolumeSet volumes = GoldenImage.OpenVolumes(image);
        MediaMap map = MediaMap.Read(volumes);
        var random = new SeededRandom(1);
        for (int index = 0; index < blocks; index++)
        {
            MapBlock block = map.Blocks[random.Below(map.Blocks.Count)];
            ulong inside = block.Address + (ulong)random.Below(block.SizeBytes);
            BlockSearch search = BlockSearch.Run(volumes, inside);
            Assert.NotEmpty(search.Uses);
            Assert.All(search.Uses, use => Assert.Equal(block.Address, use.Reference.Data.Bytes));
            Assert.All(search.Uses, use => Assert.Null(use.Fault));
            Assert.Equal((0L, search.Uses.Count), (search.UnreadTotal, (int)search.UsesTotal));
            // A snapshot leads to a reference that it shares, too.
            Assert.Equal(block.References.Count, search.Uses.Select(use => use.HolderAddress).Distinct().Count());
            HashSet<ulong> inums = [.. block.Objects.Select(one => one.Inum)];
            if (search.Uses[0].Position.PfsKey != 0 && !search.Uses[0].IsInodeIndex)
                Assert.Subset(inums, search.Uses.Select(use => use.Inum).ToHashSet());
            GranuleState? state = SpaceFacts.Read(volumes, inside).State;
            Assert.True(state is null or GranuleState.Allocated);
        }
    }

    [Theory]
    [InlineData(0x0UL, SpaceRole.Header)]
    [InlineData(0x10000UL, SpaceRole.Freemap)]
    [InlineData(0x3F0000UL, SpaceRole.SpareHeader)]
    [InlineData(0x3E0000UL, SpaceRole.PreparedRecord)]
    [InlineData(0x3C8000UL, SpaceRole.UpkeepRecord)]
    [InlineData(0x3D0000UL, SpaceRole.WriterMark)]
    [InlineData(0x300000UL, SpaceRole.Reserved)]
    [InlineData(0x400000UL, SpaceRole.Boot)]
    [InlineData(0x40000000UL, SpaceRole.Reserved)]
    [InlineData(0x40060000UL, SpaceRole.Freemap)]
    [InlineData(0x7F000000UL, SpaceRole.Allocatable)]
    public void The_layout_tells_what_space_is_for(ulong address, SpaceRole role)
    {
        using VolumeSet volumes = GoldenImage.OpenVolumes("basic-makefs");
        SpaceFacts facts = SpaceFacts.Read(volumes, address);
        Assert.Equal(role, facts.Role);
        if (address == 0x40060000UL) Assert.Equal((1, 1), (facts.FreemapLevel, facts.FreemapSet));
        Assert.Equal(role == SpaceRole.Allocatable ? GranuleState.Free : null, facts.State);
    }

    [Fact]
    public void Blocks_of_a_path_lead_back_to_the_path()
    {
        string image = GoldenImage.Path("dmg-base");
        ToolRun list = ToolRun.Execute("resolve", "--json", image, "/d/text");
        Assert.Equal(0, list.ExitCode);
        JsonElement[] blocks = [.. list.Json.GetProperty("blocks").EnumerateArray()];
        Assert.Equal("inode", blocks[0].GetProperty("type").GetString());
        Assert.Contains(blocks, block => block.GetProperty("type").GetString() == "data");
        foreach (JsonElement block in blocks.Take(4))
        {
            string address = block.GetProperty("address").GetString()!;
            JsonElement back = ToolRun.Execute("resolve", "--json", image, address).Json;
            Assert.Equal(1, back.GetProperty("formatVersion").GetInt32());
            Assert.Contains(back.GetProperty("uses").EnumerateArray(), use => use.GetProperty("paths").EnumerateArray()
                .Any(path => path.GetProperty("path").GetString() == "/d/text"));
            ulong number = ulong.Parse(address.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
            JsonElement on = ToolRun.Execute(
                "resolve", "--json", "--on", image, image, number.ToString(CultureInfo.InvariantCulture)).Json;
            Assert.Equal(back.GetProperty("uses").GetRawText(), on.GetProperty("uses").GetRawText());
        }
        Assert.Equal(0, ToolRun.Execute("resolve", image, "/").ExitCode);
        Assert.Equal(0, ToolRun.Execute("resolve", image, "/d").ExitCode);
    }

    [Fact]
    public void Damage_and_wrong_arguments_have_their_exit_codes()
    {
        ToolRun damaged = ToolRun.Execute("resolve", GoldenImage.Path("dmg-data"), "/d/rand");
        Assert.Equal(1, damaged.ExitCode);
        Assert.Contains("does not match", damaged.Text, StringComparison.Ordinal);
        Assert.Equal(1, ToolRun.Execute("resolve", GoldenImage.Path("dmg-inode"), "/d/small").ExitCode);
        string image = GoldenImage.Path("dmg-base");
        Assert.Equal(4, ToolRun.Execute("resolve", image, "/none").ExitCode);
        Assert.Equal(4, ToolRun.Execute("resolve", image, "/d/small/none").ExitCode);
        Assert.Equal(4, ToolRun.Execute("resolve", image + "@NONE", "/d").ExitCode);
        Assert.Equal(4, ToolRun.Execute("resolve", image, "0xffffffffffff").ExitCode);
        Assert.Equal(2, ToolRun.Execute("resolve", image, "d/small").ExitCode);
        Assert.Equal(2, ToolRun.Execute("resolve", "--on", "/dev/null", image, "0").ExitCode);
    }
}
