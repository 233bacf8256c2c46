// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Admin.Recovery;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Tests.Mutation;
using Xunit;

namespace Hammer2.Tests.Recovery;

/// <summary>
/// Goal: media of any content end a search with a result, in bounded work. Method: drawn changes of blocks that exist,
/// with and without check codes made anew, and of blocks that nothing leads to.
/// </summary>
public sealed class UndeleteMutationTests(ITestOutputHelper output)
{
    private const long WorkBytes = 8L << 30;

    [Theory, InlineData(240)]
    public void Changed_media_are_searched_to_the_end(int changes)
    {
        using IBlockDevice disk = DeletedHistory.Play(11, 200).Disk;
        using var overlay = new OverlayBlockDevice(disk, ownsBelow: false);
        MediaMap map = MediaMap.Read(Open(overlay));
        List<long> stale = UsedPages(disk);
        long found = 0, refused = 0;
        foreach (ulong seed in SeededRandom.Seeds(changes))
        {
            overlay.Reset();
            var random = new SeededRandom(seed);
            string description = random.OneIn(2)
                ? MutationPlan.Apply(Open(overlay), map, random).Description
                : Spoil(overlay, random, stale);
            try
            {
                var options = new UndeleteOptions { IncludesAll = random.OneIn(3), IsRelaxed = random.OneIn(2) };
                found += Undelete.Run(Open(overlay), options, Judge).Found;
            }
            catch (MediaException)
            {
                refused++; // only opening fails with an exception
            }
            catch (Exception error) when (error is not Xunit.Sdk.XunitException)
            {
                throw new MutationFailedException($"HAMMER2_SEED={seed}: {description}", error);
            }
        }
        output.WriteLine($"{changes} changes, {refused} refused at opening, {found} objects found");
        Assert.True(found > changes);
    }

    private static void Judge(RecoveredObject one)
    {
        Assert.True(one.IsRead);
        Assert.NotEmpty(one.Paths);
        ulong end = 0;
        foreach (RecoveredGap gap in one.Gaps)
        {
            Assert.True(gap.First >= end && gap.End > gap.First && gap.End <= one.Meta.Size);
            end = gap.End;
        }
        Assert.All(one.Paths, path => Assert.NotEmpty(path));
    }

    /// <summary>The pages that have content: most of them are of blocks that were replaced.</summary>
    private static List<long> UsedPages(IBlockDevice disk)
    {
        const int PageBytes = 4096;
        var pages = new List<long>();
        byte[] page = new byte[PageBytes];
        for (long at = Media.ZoneReservedBytes; at < disk.LengthBytes; at += PageBytes)
        {
            Assert.Equal(Hammer2Error.None, disk.Read(at, page));
            if (page.AsSpan().ContainsAnyExcept((byte)0)) pages.Add(at);
        }
        return pages;
    }

    private static string Spoil(OverlayBlockDevice overlay, SeededRandom random, List<long> pages)
    {
        var places = new List<long>();
        for (int change = random.Below(40); change >= 0; change--)
        {
            long at = pages[random.Below(pages.Count)] + random.Below(4096 - 8);
            byte[] bytes = new byte[1 + random.Below(8)];
            if (random.OneIn(2)) random.Fill(bytes);
            Assert.Equal(Hammer2Error.None, overlay.Write(at, bytes));
            places.Add(at);
        }
        return "bytes at " + string.Join(' ', places);
    }

    private static VolumeSet Open(OverlayBlockDevice overlay)
        => VolumeSet.Open([new BoundedDevice(overlay) { Budget = WorkBytes }]);
}
