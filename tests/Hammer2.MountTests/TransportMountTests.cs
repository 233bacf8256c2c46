// SPDX-License-Identifier: BSD-3-Clause
using System.IO;
using System.Linq;
using Xunit;

namespace Hammer2.MountTests;

/// <summary>
/// Goal: requests come over io_uring where the kernel offers that and nothing speaks against it. Method: which threads
/// the daemon has while files are used, with the kernel's parameter as it is.
/// </summary>
public sealed class TransportMountTests
{
    private const string Offer = "/sys/module/fuse/parameters/enable_uring";

    private static bool IsOffered => File.Exists(Offer) && File.ReadAllText(Offer).Trim() == "Y";

    [MountTheory]
    [InlineData("commit=30", true)]
    [InlineData("io_uring", true)]
    [InlineData("noio_uring", false)]
    [InlineData("noquorum=stall", false)]
    [InlineData("noquorum=stall,io_uring", true)]
    public void The_way_of_requests_is_what_options_and_kernel_say(string options, bool wantsQueues)
    {
        using var image = new PfsImage("128m", "A");
        using MountFixture live = MountFixture.MountForWriting(image.Path + "@A", options);
        File.WriteAllText(live.Root + "/f", "x");
        Assert.Equal("x", File.ReadAllText(live.Root + "/f"));
        string server = HammerProgram.ServersOf(live.Root).Single().ToString(
            System.Globalization.CultureInfo.InvariantCulture);
        bool hasQueues = Directory.GetDirectories($"/proc/{server}/task").Any(
            thread => File.ReadAllText(thread + "/comm").StartsWith("fuse-q", StringComparison.Ordinal));
        Assert.Equal(wantsQueues && IsOffered, hasQueues);
    }
}
