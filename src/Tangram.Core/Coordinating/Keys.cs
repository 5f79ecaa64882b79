using Tangram.Model;

namespace Tangram.Coordinating;

/// <summary>The names of the store's keys. DESIGN's "Who writes what" is the contract.</summary>
public static class Keys
{
    public const string Asked = "asked";
    public const string Term = "term";
    public const string Rollout = "rollout";
    public const string Revisions = "revisions/";
    public const string AssignedPrefix = "assigned/";
    public const string JobPrefix = "jobs/";
    public const string SeenPrefix = "seen/";
    public const string DeadPrefix = "dead/";
    public const string GatewayPrefix = "gateways/";
    public const string CapacityPrefix = "capacity/";
    public const string AcmePrefix = "acme/";
    public const string AcmeAccount = "acme/account";
    public const string AcmeCertificatePrefix = "acme/certificates/";
    public const string AcmeChallenge = "acme/challenge";
    public const string AcmeTroubles = "acme/troubles";

    /// <summary>Zero-padded so that keys sort as numbers do.</summary>
    public static string Revision(int number) => $"{Revisions}{number:00000000}";
    public static string Assigned(NodeName node) => AssignedPrefix + node.Value;
    public static string Job(ServiceName job) => JobPrefix + job.Value;
    public static string Seen(NodeName node) => SeenPrefix + node.Value;
    public static string Dead(NodeName node) => DeadPrefix + node.Value;
    public static string AcmeCertificate(string domain) => AcmeCertificatePrefix + domain;
    public static string Gateway(string gateway) => GatewayPrefix + gateway;
    public static string Capacity(ServiceName service) => CapacityPrefix + service.Value;
}
