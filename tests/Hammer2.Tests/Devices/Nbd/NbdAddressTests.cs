// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Cluster;
using Hammer2.Devices;
using Hammer2.Devices.Nbd;
using Xunit;

namespace Hammer2.Tests.Devices.Nbd;

/// <summary>Goal: addresses of remote devices are understood, alone and within a specification, and what is wrong with
/// them is told.</summary>
public sealed class NbdAddressTests
{
    [Theory]
    [InlineData("nbd://a", "a", 10809, "", false)]
    [InlineData("nbd://a/", "a", 10809, "", false)]
    [InlineData("NBD://a:1/x", "a", 1, "x", false)]
    [InlineData("nbds://store.example.org:10810/vol/one", "store.example.org", 10810, "vol/one", true)]
    [InlineData("nbd://[fe80::1]/x", "fe80::1", 10809, "x", false)]
    [InlineData("nbd://[fe80::1]:99/x%3a%40%25", "fe80::1", 99, "x:@%", false)]
    [InlineData("nbd://10.0.0.1:2?timeout=5", "10.0.0.1", 2, "", false)]
    public void Hosts(string text, string host, int port, string export, bool isTls)
    {
        NbdAddress address = NbdAddress.Parse(text);
        Assert.Equal((host, port, export, isTls), (address.Host, address.Port, address.Export, address.IsTls));
        Assert.Null(address.SocketPath);
        Assert.Equal(text, address.ToString());
    }

    [Fact]
    public void Sockets_and_options()
    {
        NbdAddress address = NbdAddress.Parse("nbds+unix:///e?socket=/run/n%20b&timeout=7&noflush=trust"
            + "&latewrites=trust&tls-certificates=/etc/t&tls-hostname=h");
        Assert.Equal(("/run/n b", "e", true), (address.SocketPath, address.Export, address.IsTls));
        Assert.Equal(new NbdAddressOptions
        {
            Timeout = TimeSpan.FromSeconds(7),
            TrustsWithoutFlush = true,
            TrustsNoLateWrites = true,
            CertificateDirectory = "/etc/t",
            TlsHostName = "h",
        }, address.Options);
    }

    [Theory]
    [InlineData("nbd://", "host is missing")]
    [InlineData("nbd:///x", "host is missing")]
    [InlineData("nbd://a:0/x", "port")]
    [InlineData("nbd://a:65536/x", "port")]
    [InlineData("nbd://a:x/x", "follows the host")]
    [InlineData("nbd://[::1/x", "']'")]
    [InlineData("nbd://[::1]x/y", "']'")]
    [InlineData("nbd://a/x%4", "%")]
    [InlineData("nbd://a/x%zz", "%")]
    [InlineData("nbd://a/x%00", "%00")]
    [InlineData("nbd://a/x?socket=/s", "nbd+unix")]
    [InlineData("nbd+unix:///x", "socket=PATH")]
    [InlineData("nbd+unix://a/x?socket=/s", "three slashes")]
    [InlineData("nbd://a/x?timeout=0", "timeout=0")]
    [InlineData("nbd://a/x?timeout=301", "timeout=301")]
    [InlineData("nbd://a/x?timeout=1&timeout=1", "twice")]
    [InlineData("nbd://a/x?noflush=yes", "noflush=yes")]
    [InlineData("nbd://a/x?noflush", "value is missing")]
    [InlineData("nbd://a/x?color=red", "color=red")]
    [InlineData("/dev/sda", "no address")]
    public void Malformed_ones(string text, string why)
    {
        FormatException refusal = Assert.Throws<FormatException>(() => NbdAddress.Parse(text));
        Assert.Contains(why, refusal.Message, StringComparison.Ordinal);
        Assert.StartsWith(text, refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nbd://a:1/x@L", "L", "nbd://a:1/x")]
    [InlineData("nbd://a:1/x:nbd://b:2/y:/dev/sda@L", "L", "nbd://a:1/x", "nbd://b:2/y", "/dev/sda")]
    [InlineData("nbd://a:nbds://b", null, "nbd://a", "nbds://b")]
    [InlineData("nbd://a:/dev/sda", null, "nbd://a", "/dev/sda")]
    [InlineData("nbd://[::1]:5/x:y", null, "nbd://[::1]:5/x", "y")]
    [InlineData("/dev/sda:nbd+unix:///e?socket=/run/s@L", "L", "/dev/sda", "nbd+unix:///e?socket=/run/s")]
    [InlineData(@"nbd\://a\:1/x@L", "L", "nbd://a:1/x")]
    [InlineData("nbd:x", null, "nbd", "x")]
    [InlineData("nbd://@L", "L", "nbd://")]
    public void Specifications_with_addresses(string text, string? label, params string[] paths)
    {
        MountSpec spec = MountSpec.Parse(text, _ => false);
        Assert.Equal(paths, spec.Paths);
        Assert.Equal(label, spec.Label);
    }

    [Fact]
    public void One_export_is_one_device()
    {
        Assert.Equal(DeviceOpener.Identify("nbd://Store/x"), DeviceOpener.Identify("nbds://store:10809/x?timeout=1"));
        Assert.NotEqual(DeviceOpener.Identify("nbd://store/x"), DeviceOpener.Identify("nbd://store/y"));
        Assert.NotEqual(DeviceOpener.Identify("nbd://store/x"), DeviceOpener.Identify("nbd://store:1/x"));
        Assert.Null(DeviceOpener.Identify("nbd://"));
        Assert.Equal("nbd://store/x", DeviceOpener.FullName("nbd://store/x"));
    }
}
